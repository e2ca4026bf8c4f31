"""A table laid out for people: in parts, and on paper each part in bands of columns that fit a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from projections.answers.tables.answer_table import KIND, OF_ROW, AnswerTable, Cell, Cells, TableColumn, TablePart
from projections.answers.tables.showing import is_number, shown

NOTHING: Final = "Không có dòng nào."
"""What a table without rows says."""
STRONG: Final = frozenset({"total", "target"})
"""The kinds of rows that stand out among others."""
NUMBERED: Final = "STT"
PORTRAIT, LANDSCAPE = 96, 150
"""Characters that stand beside each other on A4, and on A4 turned round, in the size of tables."""
NARROWEST, WIDEST = 5, 30
"""Characters of a column."""


class SheetPlace(NamedTuple):
    """Where rows of some kinds go: the places of their cells in a row of the answer."""

    head: str | None
    columns: tuple[TableColumn, ...]
    cells: tuple[int, ...]
    label: int | None
    """Which of the columns says what a row is, where it says nothing else."""
    mixed: bool = False
    """Whether rows of several kinds stand here."""

    def stands_out(self, row: Cells) -> bool:
        """Tell whether a row stands out among the others."""
        return self.mixed and row[0] in STRONG

    def of(self, row: Cells) -> list[Cell]:
        """Return the cells of a row that stand here, the kind of the row in the place of what it is about."""
        found = [row[at] for at in self.cells]
        if self.label is not None and found[self.label] is None:
            found[self.label] = shown(KIND, row[0])
        return found


def places(table: AnswerTable) -> dict[object, SheetPlace]:
    """Return where the rows of each kind go; a kind is the first cell of a row, and several share a place."""
    at = {column.name: number for number, column in enumerate(table.columns)}
    whole = TablePart(frozenset(), None, tuple(at))
    found: dict[object, SheetPlace] = {}
    for part in table.parts or (whole,):
        cells = tuple(at[name] for name in part.columns)
        label = None if part.label is None else part.columns.index(part.label)
        columns = tuple(_plainly(table.columns[each]) for each in cells)
        place = SheetPlace(part.head, columns, cells, label, len(part.kinds) > 1)
        found |= dict.fromkeys(part.kinds or {None}, place)
    return found


def _plainly(column: TableColumn) -> TableColumn:
    """Head a column as one does where what is said of the whole answer doesn't stand beside it."""
    return column._replace(head=column.head.removesuffix(OF_ROW))


def place_of(found: dict[object, SheetPlace], row: Cells) -> SheetPlace:
    """Return where a row goes."""
    return found[row[0]] if row[0] in found else found[None]


class PaperLine(NamedTuple):
    """A row of a table on paper: its texts, whether each is a number, and whether the row stands out."""

    texts: list[str]
    numbers: list[bool]
    strong: bool


class Band(NamedTuple):
    """A table on paper: columns that fit beside each other, and all rows of a part under them."""

    head: str | None
    heads: list[str]
    widths: list[int]
    """In characters."""
    lines: list[PaperLine]


class Laid(NamedTuple):
    """All tables of an answer on paper."""

    bands: list[Band]
    landscape: bool


def laid_out(table: AnswerTable, rows: Sequence[Cells]) -> Laid:
    """Lay an answer out for A4: upright where it fits, else turned round, in several bands where it must be.

    A column in which there is nothing in any row is left out: paper is narrow.
    """
    found = places(table)
    parts = {id(place): (place, list[tuple[Cells, list[Cell]]]()) for place in found.values()}
    for row in rows:
        place = place_of(found, row)
        parts[id(place)][1].append((row, place.of(row)))
    filled = [_without_empty(*each) for each in parts.values() if each[1]]
    measured = [(*each, _widths(*each)) for each in filled]
    landscape = any(sum(widths) + NARROWEST > PORTRAIT for *_, widths in measured)
    bands = [band for each in measured for band in _bands(*each, LANDSCAPE if landscape else PORTRAIT)]
    return Laid(bands, landscape)


def _without_empty(
    place: SheetPlace, rows: list[tuple[Cells, list[Cell]]]
) -> tuple[SheetPlace, list[tuple[Cells, list[Cell]]]]:
    used = [at for at in range(len(place.columns)) if any(cells[at] is not None for _, cells in rows)]
    label = None if place.label is None else used.index(place.label)
    kept = place._replace(columns=tuple(place.columns[at] for at in used), cells=(), label=label)
    return kept, [(row, [cells[at] for at in used]) for row, cells in rows]


def _widths(place: SheetPlace, rows: list[tuple[Cells, list[Cell]]]) -> list[int]:
    return [
        _width(column.head, [shown(column.name, cells[at]) for _, cells in rows])
        for at, column in enumerate(place.columns)
    ]


def _width(head: str, texts: list[str]) -> int:
    word = max((len(each) for each in head.split()), default=0)
    longest = max((len(text) for text in texts), default=0)
    return min(max(longest, word, min(len(head) // 3, WIDEST), NARROWEST), WIDEST) + 1


def _bands(place: SheetPlace, rows: list[tuple[Cells, list[Cell]]], widths: list[int], most: int) -> Iterator[Band]:
    groups = list(_groups(place, widths, most))
    for number, group in enumerate(groups, 1):
        of_several = f"phần {number}/{len(groups)}" if len(groups) > 1 else None
        head = " – ".join(each for each in (place.head, of_several) if each is not None)
        columns = [place.columns[at] for at in group]
        lines = [
            PaperLine(
                [str(n), *(shown(place.columns[at].name, cells[at]) for at in group)],
                [True, *(is_number(cells[at]) for at in group)],
                place.stands_out(row),
            )
            for n, (row, cells) in enumerate(rows, 1)
        ]
        heads = [NUMBERED, *(column.head for column in columns)]
        yield Band(head or None, heads, [NARROWEST, *(widths[at] for at in group)], lines)


def _groups(place: SheetPlace, widths: list[int], most: int) -> Iterator[list[int]]:
    """Put columns together that fit beside each other; what a row is about begins each: rows are found again."""
    label = [] if place.label is None else [place.label]
    fixed = NARROWEST + sum(widths[at] for at in label)
    group, width = [*label], fixed
    for at in range(len(place.columns)):
        if at in label:
            continue
        if width + widths[at] > most and len(group) > len(label):
            yield group
            group, width = [*label], fixed
        group.append(at)
        width += widths[at]
    yield group
