"""Who may see what of the figures: one pure rule over grants and the dated hierarchy (contract, section 7)."""
