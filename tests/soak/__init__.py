"""Everything at once for as long as is asked: `python -m tests.soak`."""
