"""The read models in PostgreSQL: schema, writing of changes, reading of answers."""
