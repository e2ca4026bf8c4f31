"""Dashboards as code: what they show, Grafana's files made of it, and pictures of them with data."""
