"""Blind listening tests: design, preparation, sessions that lose nothing, analysis; no screen."""
