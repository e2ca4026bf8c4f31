"""Texts in files that spreadsheets open: none of them is taken for a formula, in any export."""

from __future__ import annotations

import re
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# A spreadsheet that parts cells by another sign than the file does begins a cell in the middle of a text.
_inside: Final = re.compile(r"([,;|\t][\s\"]*)([=+\-@＝＋－＠])")


def like_a_formula(text: str) -> bool:
    """Tell whether a text would be a formula, were it typed into a cell."""
    return text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA)


def text_cell(text: str) -> str:
    """Write a text for a cell of CSV: one that begins like a formula gets an apostrophe before it.

    So OWASP advises (CSV Injection), with the quoting of the CSV writer around it; and so does what would begin a cell
    where commas and semicolons are taken for each other. For texts only: a number stays as it is, and JSON needs none
    of this.
    """
    safe = _inside.sub(r"\1'\2", text)
    return f"'{safe}" if like_a_formula(text) else safe
