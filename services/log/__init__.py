"""The log on the bus: read without gaps, held against the ledger, configured."""
