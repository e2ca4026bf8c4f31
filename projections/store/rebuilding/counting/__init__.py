"""All counters and breakdowns of a generation, counted at one go."""
