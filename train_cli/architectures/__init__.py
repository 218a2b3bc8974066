"""Network architectures; each module holds one, written once for training and for streaming."""
