"""Targets, declared figures, rates, and who said nothing."""
