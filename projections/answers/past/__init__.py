"""Units through time, reports as known then, and why a total changed."""
