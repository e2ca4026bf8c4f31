"""What keeps a backup or a restore from being done.

RestoreError          what is there doesn't allow it; the message says what to do
├── NotEmptyError     a target holds something: it is never overwritten
├── StreamDiffersError  the stream is not the one that the ledger was made from
└── BackupError       the folder holds no whole backup
"""

from __future__ import annotations


class RestoreError(Exception):
    """It can't be done as things are; the message says what to do."""


class NotEmptyError(RestoreError):
    """A target holds something, and nothing is overwritten."""


class StreamDiffersError(RestoreError):
    """The stream and the ledger hold different messages at one position."""


class BackupError(RestoreError):
    """The folder holds no whole backup, or something else."""
