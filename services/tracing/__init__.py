"""Traces from publish to commit to answer (OpenTelemetry): off unless set, and then nothing of it is imported."""
