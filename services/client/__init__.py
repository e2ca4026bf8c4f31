"""What unit systems send and ask with, without a server library (contract, section 8)."""
