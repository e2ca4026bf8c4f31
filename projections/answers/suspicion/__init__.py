"""Facts that are suspicious: told, never refused (contract, section 8)."""
