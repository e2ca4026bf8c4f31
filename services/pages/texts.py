"""The language of a page: what is written in Vietnamese, and in English by the catalogue in `locale/en` (Babel)."""

from __future__ import annotations

from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from typing import Final, Literal

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

Language = Literal["vi", "en"]

LANGUAGES: Final[dict[Language, str]] = {"vi": "Tiếng Việt", "en": "English"}
"""Each by its own name."""


class Texts(NullTranslations):
    """The texts of one language: a text that has no other is itself."""

    def __init__(self, language: Language, others: dict[str, str]) -> None:
        super().__init__()
        self.language = language
        self._others = others

    def gettext(self, message: str) -> str:
        """Return a text in this language."""
        return self._others.get(message, message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return a text for a number of things: Vietnamese knows one form, English two."""
        if self.language == "vi":
            return singular
        return self.gettext(singular) if n == 1 else self.gettext(plural)


@cache
def texts(language: Language) -> Texts:
    """Return the texts of a language."""
    others: dict[str, str] = {}
    if language == "en":
        for message in (message for catalogue in catalogues() for message in catalogue if message.id):
            others[str(message.id)] = str(message.string)
    return Texts(language, others)


def catalogues() -> list[Catalog]:
    """Read the texts in English."""
    found = []
    for file in sorted(files("services.pages").joinpath("locale", "en").iterdir(), key=lambda each: each.name):
        if file.name.endswith(".po"):
            with file.open("rb") as opened:
                found.append(read_po(opened, locale="en"))
    return found


def language_of(asked: str | None) -> Language | None:
    """Return the language that is asked for, where there is one."""
    return "vi" if asked == "vi" else "en" if asked == "en" else None
