"""Connections to the servers: how they are made, protected, kept up, and what it means when they fail.

`bus` connects to NATS, `broker` does so for FastStream, `projections.store.connecting` to PostgreSQL (the store needs
it itself), `tls` makes the contexts, `failures` sorts what goes wrong, `patience` says how often it is tried again.
"""
