"""Figures made anew and proved: rebuilding, verifying, signing a position."""
