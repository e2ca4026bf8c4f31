"""Who asks: accounts, sessions, tokens, and the audit log of what they did (contract, section 7)."""
