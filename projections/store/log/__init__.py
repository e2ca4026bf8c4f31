"""The log as the ledger keeps it, and the hash chain over it."""
