"""The live page: microphone in, cleaned sound out, everything on screen."""
