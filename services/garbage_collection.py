"""How often a process that holds the hierarchy in memory looks for garbage."""

import gc
from typing import Final

SELDOM: Final = (200_000, 50, 50)
"""Objects made before the collector looks, and how seldom it looks at older ones: these are the hierarchy."""


def collect_rarely() -> None:
    """Spare the collector the hierarchy: it lives as long as the work; looking through it took a third of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)
