"""The service on more than one machine: configuration of each role, and all of it on one machine to try."""
