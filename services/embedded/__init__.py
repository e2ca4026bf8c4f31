"""Real servers from PyPI packages, for one machine and for the tests: each behind one small module."""
