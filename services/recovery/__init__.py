"""Getting the service back: from the log, from the ledger, or from a backup of both."""
