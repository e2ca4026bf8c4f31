"""An official form as it is printed: its frame, its lines with what stands in each cell, in one order for all files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from projections.answers.tables.answer_table import AnswerTable, Cell, Cells, OfficialFrame
from projections.answers.tables.showing import plain, said, shown
from projections.answers.words.form_words import MISSING

NUMBERS: Final = ("value", "last_year", "percent")
"""The columns that have numbers, in their order."""
REASONS: Final = {"value": "reason", "last_year": "last_year_reason"}
WIDTHS: Final = (7, 48, 16, 16, 13)
"""Of the mark, the text and the numbers, in parts of a hundred."""


class OfficialLine(NamedTuple):
    """A line as it is printed: ``cells`` are the values, ``texts`` how they stand on paper."""

    mark: str
    text: str
    indent: int
    strong: bool
    cells: tuple[Cell, ...]
    texts: tuple[str, ...]


def official_frame(table: AnswerTable) -> OfficialFrame:
    """Return the frame of a form, its texts such that they do no harm."""
    frame = table.official
    assert frame is not None, "it is asked for a form"  # noqa: S101
    return OfficialFrame(
        left=tuple(map(plain, frame.left)),
        right=tuple(map(plain, frame.right)),
        title=plain(frame.title),
        period=plain(frame.period),
        measured_in=plain(frame.measured_in),
        columns=tuple(map(plain, frame.columns)),
        by_whom=plain(frame.by_whom),
        place_and_date=frame.place_and_date,
    )


def numbers_of(frame: OfficialFrame) -> list[str]:
    """Return the numbers under the heads of the columns."""
    return [f"({at})" for at in range(1, 1 + len(frame.columns))]


def official_lines(table: AnswerTable, rows: Iterable[Cells]) -> Iterator[OfficialLine]:
    """Return the lines of a form."""
    names = [column.name for column in table.columns]
    known = [dict(zip(names, row, strict=True)) for row in rows]
    parted = any(of["indent"] for of in known)
    for of in known:
        pairs = [(name, of[name], of.get(REASONS.get(name, ""))) for name in NUMBERS]
        indent = of["indent"]
        assert isinstance(indent, int)  # noqa: S101 - as `form_table` has it
        yield OfficialLine(
            mark=plain(str(of["mark"])),
            text=plain(str(of["text"])),
            indent=indent,
            strong=parted and indent == 0,
            cells=tuple(cell for _, cell, _ in pairs),
            texts=tuple(
                shown(name, cell) if reason is None else MISSING.get(str(reason), "") for name, cell, reason in pairs
            ),
        )


def official_notes(table: AnswerTable) -> list[str]:
    """Return what stands below in small print: of what the figures are, then what has to be said beside them."""
    lines = " · ".join(f"{name}: {text}" for name, text in said(table))
    return [lines, *(plain(note) for note in table.notes)]


def official_words(table: AnswerTable, rows: Iterable[Cells]) -> dict[str, Any]:
    """Return all that stands in a form: texts, lists and dicts alone."""
    frame = official_frame(table)
    return {
        "frame": frame._asdict(),
        "lines": [line._replace(cells=())._asdict() for line in official_lines(table, rows)],
        "notes": official_notes(table),
        "running": plain(table.title),
        "widths": list(WIDTHS),
        "numbers": numbers_of(frame),
    }
