"""In which language a terminal is spoken to: one at a time, as TONGHOP_LANG or the locale says, Vietnamese else."""

import os
from typing import Final, Literal

from projections.bilingual import Bilingual

Language = Literal["vi", "en"]

VARIABLE: Final = "TONGHOP_LANG"
_LOCALE: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first of them that is set counts (POSIX, Environment Variables)."""
_NO_LANGUAGE: Final = frozenset({"", "c", "posix"})


def language() -> Language:
    """Choose by the environment: a locale that names no language (C, POSIX) or is not set leaves Vietnamese."""
    chosen = _primary(os.environ.get(VARIABLE, ""))
    if chosen in {"vi", "en"}:
        return "vi" if chosen == "vi" else "en"
    locale = _primary(next((value for name in _LOCALE if (value := os.environ.get(name))), ""))
    return "vi" if locale in _NO_LANGUAGE or locale == "vi" else "en"


def either(vietnamese: str, english: str) -> str:
    """Give the one of two texts that say the same which the user's language asks for."""
    return vietnamese if language() == "vi" else english


def chosen(said: object) -> str:
    """Give what something says, an error for example, in the user's language alone (`Bilingual.of`)."""
    both = Bilingual.of(said)
    return either(both.vietnamese, both.english)


def _primary(locale: str) -> str:
    """Take the language out of a locale: `vi` of `vi_VN.UTF-8`."""
    return locale.strip().split(".")[0].split("@")[0].replace("-", "_").split("_")[0].lower()
