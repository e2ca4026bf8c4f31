"""A file for each kind of event: what becomes of one, what follows where it holds, and how that is taken back."""
