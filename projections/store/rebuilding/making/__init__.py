"""A generation made from the ledger, chunk by chunk."""
