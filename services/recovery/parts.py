"""The two halves of the service's data."""

from enum import StrEnum


class Part(StrEnum):
    """One half of a backup."""

    DATABASE = "database"
    STREAM = "stream"
