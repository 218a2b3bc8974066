"""Listening tests on the screen: the listener's own window, and the page of the researcher."""

from workbench.gui.listening.run import run_session

__all__ = ["run_session"]
