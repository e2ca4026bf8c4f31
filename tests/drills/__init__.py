"""Drills: the fault of each alert, made on a service that runs, as a real Prometheus sees it begin and end."""
