"""The processes: everything that talks to the outside, wired in one place each."""
