"""Answers from the read models: questions as SQL over one snapshot of PostgreSQL, through asyncpg."""
