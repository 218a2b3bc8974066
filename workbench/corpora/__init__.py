"""Collections of speech and noise on disk, found by their folder layout."""
