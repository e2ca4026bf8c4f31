"""What becomes of an event, and what waits for another one."""
