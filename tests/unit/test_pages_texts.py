"""Every text of the pages stands in the catalogue in English, once, with the same values in it; nothing else does."""

from __future__ import annotations

import re
from collections import Counter
from importlib.resources import as_file, files

from babel.messages.extract import extract_from_dir

from services.pages.texts import catalogues
from services.pages.unit_page import TABS

METHODS = [("**.py", "python"), ("templates/**.html", "jinja2.ext.babel_extract")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}


def said() -> set[str]:
    found = {name for _, name in TABS}
    with as_file(files("services.pages")) as folder:
        options = {"templates/**.html": {"newstyle_gettext": "true", "extensions": "jinja2.ext.do", "silent": "false"}}
        for _, _, message, _, _ in extract_from_dir(str(folder), METHODS, options, KEYWORDS):
            found.update([message] if isinstance(message, str) else [each for each in message if each])
    return found


def values(text: str) -> Counter[str]:
    return Counter(re.findall(r"%\(\w+\)s", text))


def test_everything_is_said_in_english_too() -> None:
    english = Counter(str(each.id) for catalogue in catalogues() for each in catalogue if each.id)
    assert english.keys() == said()
    assert max(english.values()) == 1


def test_a_translation_has_the_same_values() -> None:
    for catalogue in catalogues():
        for each in catalogue:
            if each.id:
                assert each.string, each.id
                assert values(str(each.id)).keys() == values(str(each.string)).keys(), each.id
