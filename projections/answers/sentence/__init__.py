"""The sentence for a report, from what is known, or refused."""
