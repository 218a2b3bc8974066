"""Trained models on disk: what they say of themselves, whether they can be trusted, and how they run."""
