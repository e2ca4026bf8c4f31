"""Who may sign in on a bus with signed accounts: keys, what they sign, who was given a credential and lost it."""
