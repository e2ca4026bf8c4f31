"""A leaf's way to the hub: what units have stored there is sent on, and taken away once the hub has it."""
