"""Consoles and tables that show everything whole: wrapped or turned on a narrow terminal, never cut where piped."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from rich.box import HEAVY_HEAD
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from events.names import LONGEST_NAME, harmless

_UNBOUNDED: Final = 1_000_000
_NARROWEST, _WIDEST = 20, 10_000
_NARROW_COLUMN: Final = 24
"""Characters below which a column of words isn't folded: the table turns instead."""

_unsafe = re.compile("[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")

Cell = str | Text


class Column(NamedTuple):
    """A column's heading; `words` may be folded, anything else stays on one line."""

    heading: str
    justify: Literal["left", "right"] = "left"
    words: bool = False


def console(*, stderr: bool = False) -> Console:
    """Make a console on a standard stream; what isn't a terminal has no width."""
    file = sys.stderr if stderr else sys.stdout
    made = Console(file=file, highlight=False)
    made.width = min(max(made.width, _NARROWEST), _WIDEST) if file is not None and file.isatty() else _UNBOUNDED
    return made


def shown(name: object) -> str:
    """Write a name of the log so that it harms no line in which it stands; what is left of a long one is counted."""
    text = harmless(str(name))
    left_out = len(text) - LONGEST_NAME
    return text if left_out <= 0 else f"{text[:LONGEST_NAME]}…(+{left_out})"


def named(unit: Mapping[str, Any], *, bold: bool = False) -> Text:
    """Write a unit: its name, and its id after it."""
    return Text.assemble((shown(unit["name"]), "bold" if bold else ""), " ", (shown(unit["id"]), "dim"))


def whole(text: str, style: str = "") -> Text:
    """Write a line that is to be copied: the terminal alone breaks it, so that it stays one."""
    return Text(text, style, no_wrap=True, overflow="ignore")


def json_shown(text: str) -> str:
    """Write JSON for a terminal: what can't be seen is escaped, and it still says the same."""
    if not sys.stdout.isatty():
        return text
    return _unsafe.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class Sheet:
    """A table. Where it is too wide its words are folded; where that isn't enough each row becomes a block of lines."""

    def __init__(self, *columns: Column | str, title: str | None = None) -> None:
        self._columns = [one if isinstance(one, Column) else Column(one) for one in columns]
        self._rows: list[tuple[list[Text], str] | None] = []
        self._title = title

    def add(self, *cells: Cell, style: str = "") -> None:
        """Add a row; a cell that isn't given is empty."""
        made = [_safe(cell) for cell in cells]
        made += [Text()] * (len(self._columns) - len(made))
        self._rows.append((made, style))

    def section(self) -> None:
        """Draw a line before the next row."""
        self._rows.append(None)

    def __bool__(self) -> bool:
        return bool(self._rows)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self._title:
            yield Text(self._title, "italic")
        widths = self._fitting(options.max_width)
        if widths is None:
            yield from self._blocks(options.max_width)
        else:
            yield self._table(widths)

    def _fitting(self, room: int) -> list[int] | None:
        """Give the columns' widths: as they are where there is room, else with headings and then words folded.

        None where that is not enough.
        """
        widths = [max(self._heading(n, len), self._width(n)) for n in range(len(self._columns))]
        spare = room - 3 * (len(widths) - 1) - sum(widths)
        by_headings = [max(self._heading(n, _longest_word), self._width(n)) for n in range(len(widths))]
        by_words = [
            max(self._heading(n, _longest_word), self._narrowest(n)) if column.words else by_headings[n]
            for n, column in enumerate(self._columns)
        ]
        for least in (by_headings, by_words):
            for n in sorted(range(len(widths)), key=lambda n: widths[n] - least[n], reverse=True):
                given = min(max(widths[n] - least[n], 0), max(-spare, 0))
                widths[n] -= given
                spare += given
        return widths if spare >= 0 else None

    def _heading(self, number: int, measure: Callable[[str], int]) -> int:
        return max((measure(line) for line in self._columns[number].heading.split("\n")), default=0)

    def _width(self, number: int) -> int:
        cells = [row[0][number] for row in self._rows if row is not None]
        return max((line.cell_len for text in cells for line in text.split("\n")), default=0)

    def _narrowest(self, number: int) -> int:
        """Say how narrow a column of words may be: no id in it is to be cut."""
        cells = [row[0][number].plain for row in self._rows if row is not None]
        return min(self._width(number), max(_NARROW_COLUMN, *(_longest_word(text) for text in (*cells, ""))))

    def _table(self, widths: list[int]) -> Table:
        table = Table(box=HEAVY_HEAD, show_edge=False, pad_edge=False)
        for column, width in zip(self._columns, widths, strict=True):
            heading = Text(column.heading, justify="left" if column.justify == "left" else "right")
            table.add_column(heading, justify=column.justify, width=width, overflow="fold")
        for row in self._rows:
            if row is None:
                table.add_section()
            else:
                table.add_row(*row[0], style=row[1])
        return table

    def _blocks(self, room: int) -> Iterator[RenderableType]:
        labels = [f"  {column.heading.replace(chr(10), ' ')}" for column in self._columns]
        label = max(map(len, labels[1:]), default=0)
        for row in self._rows:
            if row is None:
                continue
            (first, *rest), style = row
            yield Text.assemble(first, style="bold", overflow="fold")
            for name, cell in zip(labels[1:], rest, strict=True):
                if cell.plain:
                    yield from _labelled(name.ljust(label), cell, style, room)


def _labelled(label: str, cell: Text, style: str, room: int) -> Iterator[RenderableType]:
    """Write a value behind its label, on lines of its own where it isn't short."""
    if "\n" not in cell.plain and len(label) + 2 + cell.cell_len <= room:
        yield Text.assemble(label, "  ", cell, style=style)
        return
    yield Text(label.rstrip(), style=style)
    yield Padding(Text.assemble(cell, style=style, overflow="fold"), (0, 0, 0, 4), expand=False)


def _longest_word(text: str) -> int:
    return max((Text(word).cell_len for word in text.split()), default=0)


def _safe(cell: Cell) -> Text:
    plain = cell if isinstance(cell, str) else cell.plain
    harmless_text = harmless(plain, lines=True) if plain.strip() else plain
    return cell if isinstance(cell, Text) and harmless_text == plain else Text(harmless_text)
