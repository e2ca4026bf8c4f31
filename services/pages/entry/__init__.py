"""What the screens of entry share: forms of facts, sheets on their way to `/v1`, and what it answers to both."""
