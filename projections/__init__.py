"""The read models: the rules as a functional core, and the store that keeps them in PostgreSQL."""
