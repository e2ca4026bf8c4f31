"""The tables: every revision of them, and how a database is brought to the newest."""
