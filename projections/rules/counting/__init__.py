"""What an event that holds changes in the figures."""
