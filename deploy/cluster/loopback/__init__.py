"""A whole cluster on the loopback addresses of one machine, to try and to test: `python -m deploy.cluster.loopback up`."""
