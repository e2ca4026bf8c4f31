"""The cells of a roll-up, written here and not by a macro: a page may have some thousands of them.

What stands in a cell is a number, its sign, a link of ours, or a word of ours: nothing that anybody sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from markupsafe import Markup, escape

from services.pages import shown
from services.pages.roll_up import Part, ShownFigure

MOVED: Final = frozenset({"change", "percent"})


class CellWriter:
    """Writes cells in the language of a page."""

    def __init__(self, gettext: Callable[[str], str]) -> None:
        hidden = '<abbr class="hidden" title="{}">{}</abbr>'
        self._without = {
            "hidden": hidden.format(escape(gettext("Ẩn để không ai bị nhận ra")), escape(gettext("ẩn"))),
            "few": hidden.format(escape(gettext("Ít người nên không phân tích")), escape(gettext("không chia"))),
            "absent": '<span title="{}">–</span>'.format(escape(gettext("Không có trong kỳ này"))),
            "": "–",
        }

    def __call__(self, figure: ShownFigure, href: str | None = None, part: Part = "values", extra: str = "") -> Markup:
        """Write a cell: a number, as a link where it leads on, or why there is none; `extra` is a class."""
        value = figure.value
        if value is None:
            text, dim = self._without[figure.why], " dim"
        elif part in MOVED:
            text = shown.change(int(value)) if part == "change" else _signed(value)
            dim = " up" if value > 0 else " down" if value < 0 else " dim"
        else:
            text, dim = shown.number(value), " dim" if part == "last_year" else ""
            if href is not None and value:
                text = f'<a href="{escape(href)}">{text}</a>'
        return Markup(f'<td class="{extra}{dim}">{text}</td>')  # noqa: S704 - all of it is ours


def _signed(share: float) -> str:
    sign = "+" if share > 0 else shown.MINUS if share < 0 else ""
    return f"{sign}{shown.percentage(abs(share))}"
