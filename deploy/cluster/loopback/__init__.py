"""A whole cluster on the loopback addresses of one machine, to try it and to test it."""
