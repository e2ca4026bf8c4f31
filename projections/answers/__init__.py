"""What is answered, from what the store has read: pure, and free to change without a rebuild."""
