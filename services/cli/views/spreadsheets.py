"""Texts in files that spreadsheets open: none of them is taken for a formula, in any export."""

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def text_cell(text: str) -> str:
    """Write a text for a cell of CSV: one that begins like a formula gets an apostrophe before it.

    So OWASP advises (CSV Injection), with the quoting of the CSV writer around it. For texts only: a number stays as it
    is, and JSON needs none of this.
    """
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text
