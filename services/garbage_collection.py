"""What the collector of garbage is spared: a loaded program, and a hierarchy in memory."""

import gc
from typing import Final

SELDOM: Final = (200_000, 50, 50)
"""Objects made before the collector looks, and how seldom it looks at older ones: these are the hierarchy."""


def collect_rarely() -> None:
    """Spare the collector the hierarchy: it lives as long as the work; looking through it took a third of the time."""
    spare_what_is_loaded()
    gc.set_threshold(*SELDOM)


def spare_what_is_loaded() -> None:
    """Spare the collector the modules: nothing of them is ever garbage, and to look through them takes tens of ms."""
    gc.collect()
    gc.freeze()
