"""What hostile or broken users, readers and machines do: each attack is made against real servers, and does no harm."""
