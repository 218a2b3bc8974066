"""Denoising methods behind one streaming protocol."""
