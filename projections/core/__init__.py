"""The rules of the read models: pure functions and plain data, no I/O."""
