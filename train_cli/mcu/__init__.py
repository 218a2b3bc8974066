"""The deployment folder for microcontrollers: C feature code, models as C arrays, test vectors."""
