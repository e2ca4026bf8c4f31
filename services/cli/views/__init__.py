"""What the commands of `tonghop` show in the terminal, each beside the command of the same name."""
