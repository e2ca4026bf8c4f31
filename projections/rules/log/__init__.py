"""Messages of the log as they are kept, chained, and set aside where they can't be processed."""
