"""Processes for work on what a stranger gave: told no secret, bound for good, gone with the work that began them."""
