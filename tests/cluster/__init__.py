"""Faults of a cluster of several machines, under load and readers: `python -m tests.cluster`."""
