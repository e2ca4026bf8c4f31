"""The way of one batch into the read models, for live work, restores and rebuilds alike."""
