"""Official forms as data files: those that come with the service, and an office's own (decision 0054)."""
