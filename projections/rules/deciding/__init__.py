"""What an event of any kind may wait for, and those that wait."""
