"""The studio page: three spectrograms, the noise classes, the controls and the sound."""
