"""Names as people see them: what every door refuses, and how a view shows what can't be seen (section 1).

The log takes such names (`events.codec` refuses none of them): what stands there is shown harmlessly.
"""

import re
import unicodedata
from typing import Final

LONGEST_NAME: Final = 300
"""Characters."""

# Cc, line and paragraph separators, half surrogates, and what changes the text around it without being seen itself.
_HARMFUL: Final = (
    "\x00-\x1f\x7f-\x9f"
    "\u2028\u2029"
    "\ud800-\udfff"
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # directions
)
# Unicode's Default_Ignorable_Code_Point, Hangul fillers and variation selectors among them, and annotation characters.
_ZERO_WIDTH: Final = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
UNSEEN: Final = f"{_HARMFUL}{_ZERO_WIDTH}"
"""All of these, as ranges for a class of a regular expression."""
_NOTHING_TO_SEE: Final = frozenset("\u2800")  # BRAILLE PATTERN BLANK calls itself a symbol

_controls = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_directions = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_zero_width = re.compile(f"[{_ZERO_WIDTH}]")
_unseen = re.compile(f"[{UNSEEN}]")
_unseen_in_lines = re.compile(f"(?![\n\t])[{_HARMFUL}{_ZERO_WIDTH}]")


def fault_of(name: str) -> str | None:
    """Say why no door takes a name, in English; None where it is one that doors take."""
    if len(name) > LONGEST_NAME:
        return f"longer than {LONGEST_NAME} characters"
    if found := _controls.search(name):
        return f"a control character, {_escaped(found)}"
    if found := _directions.search(name):
        return f"a character that changes the direction, {_escaped(found)}"
    if found := _zero_width.search(name):
        return f"a character that can't be seen, {_escaped(found)}"
    if not has_visible(name):
        return "nothing that can be seen"
    return None


def has_visible(text: str) -> bool:
    """Tell whether a text has anything that can be seen: a letter, a digit, a sign, a symbol."""
    return any(unicodedata.category(one)[0] in "LNPS" and one not in _NOTHING_TO_SEE for one in without_unseen(text))


def without_unseen(text: str) -> str:
    """Leave out what can't be seen; what parts words (a tab, a new line) becomes a space. For a search."""
    return _unseen.sub(lambda found: " " if found[0].isspace() else "", text)


def harmless(text: str, *, lines: bool = False) -> str:
    """Write a text so that it can do no harm to what is round it: what can't be seen is written as an escape.

    With ``lines`` new lines and tabs stay. A text of white space alone is written in escapes as a whole.
    """
    if text.isascii() and text.isprintable() and not text.isspace():
        return text
    if text and not has_visible(text):
        return "".join(map(_code, text))
    return (_unseen_in_lines if lines else _unseen).sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return _code(found[0])


def _code(character: str) -> str:
    point = ord(character)
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"  # noqa: PLR2004 - the basic plane
