"""The training command line: the only place that imports TensorFlow."""
