"""Generations made anew from the ledger: in bulk, compared with the one in use, switched to (decision 0016)."""
