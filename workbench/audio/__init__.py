"""The door to sound: files of any kind in and out, sampling rates, devices and playback."""
