"""Peers: what else could do the work of the projector, each a process of its own that reads its task from a file."""
