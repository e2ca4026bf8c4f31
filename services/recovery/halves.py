"""The two halves of the service's data."""

from enum import StrEnum


class Half(StrEnum):
    """One half of a backup."""

    DATABASE = "database"
    STREAM = "stream"
