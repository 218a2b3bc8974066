"""Denoise Workbench: classify the noise around a listener and remove it while keeping the voice."""

__version__ = "0.1.0"
