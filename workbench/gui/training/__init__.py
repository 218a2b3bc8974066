"""The training page: data, runs, and what they learn."""
