"""Units and who was under whom on a day."""
