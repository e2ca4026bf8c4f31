"""The one writer of the generation in force: who leads, what it carries forward, when it stops."""
