"""A batch of messages, one after the other, becomes one set of changes."""
