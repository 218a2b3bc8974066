"""The window: pages of thin widgets over the headless core."""
