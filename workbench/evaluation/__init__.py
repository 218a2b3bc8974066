"""How good a processed signal is: metrics, spectrograms and figures."""
