"""A report: its question in parts that only need adding up, and its rows."""
