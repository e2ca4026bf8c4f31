"""The one writer of the generation in use: who leads, what it carries forward, when it stops."""
