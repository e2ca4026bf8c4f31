"""Answers as tables, from which files are written: one model, whatever the form of the file (contract §9, `format`)."""
