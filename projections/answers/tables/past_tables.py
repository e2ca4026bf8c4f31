"""A unit through time, and why two totals differ, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from projections.answers.past.difference_answers import Contribution, Difference
from projections.answers.past.structure_answers import (
    Dissolution,
    Foundation,
    LevelSpan,
    NameSpan,
    ParentSpan,
    Succession,
    UnitHistory,
)
from projections.answers.report.report_answers import UnitName
from projections.answers.tables.answer_table import (
    KIND,
    AnswerTable,
    Cell,
    Cells,
    TableColumn,
    TablePart,
    behind_note,
    column,
    stated,
)
from projections.answers.tables.flattening import cells_of, columns_of
from projections.answers.tables.heads import head_of_measure

HISTORY: Final = "Đơn vị qua các thời kỳ"
DIFFERENCE: Final = "Vì sao hai số tổng khác nhau"
_KIND: Final = column(KIND)
_HISTORY: Final[tuple[tuple[str, str, type[Struct]], ...]] = (
    ("founded", "Thành lập", Foundation),
    ("dissolved", "Giải thể", Dissolution),
    ("name", "Tên gọi", NameSpan),
    ("level", "Cấp", LevelSpan),
    ("parent", "Đơn vị cấp trên", ParentSpan),
    ("predecessor", "Tiếp nhận từ", Succession),
    ("successor", "Chuyển sang", Succession),
)


def history_table(answer: UnitHistory) -> AnswerTable:
    """Return the table of a history; the kind of a line says what it tells of."""
    columns = columns_of(NameSpan, LevelSpan, Foundation, Dissolution, ParentSpan, Succession)
    told: dict[str, list[Struct]] = {
        "founded": [answer.founded],
        "dissolved": [] if answer.dissolved is None else [answer.dissolved],
        "name": [*answer.names],
        "level": [*answer.levels],
        "parent": [*answer.parents],
        "predecessor": [*answer.predecessors],
        "successor": [*answer.successors],
    }
    unit = UnitName(answer.id, answer.name, answer.level)
    return AnswerTable(
        HISTORY,
        stated(unit, position=answer.position, as_of=answer.as_of),
        (_KIND, *columns),
        ([kind, *cells_of(each, columns)] for kind, found in told.items() for each in found),
        parts=tuple(
            TablePart(frozenset({kind}), head, tuple(each.name for each in columns_of(of)))
            for kind, head, of in _HISTORY
        ),
    )


def difference_table(answer: Difference) -> AnswerTable:
    """Return the table of a difference: both totals, what they differ by, each contribution, and what isn't listed."""
    measures = tuple(answer.total)
    columns: tuple[TableColumn, ...] = (*columns_of(Contribution), column("count"))

    def line(kind: str, cells: Cells, values: Mapping[str, int], count: Cell = None) -> Cells:
        return [kind, *cells, count, *(values[measure] for measure in measures)]

    def rows() -> Iterator[Cells]:
        nothing: Cells = [None] * (len(columns) - 1)
        for contribution in answer.contributions:
            yield line("contribution", cells_of(contribution, columns[:-1]), contribution.values)
        if answer.rest is not None:
            yield line("rest", nothing, answer.rest.values, answer.rest.count)
        for kind, values in (
            ("total", answer.total),
            ("against", answer.against_total),
            ("difference", answer.difference),
        ):
            yield line(kind, nothing, values)

    said = stated(
        answer.unit,
        first=answer.first,
        last=answer.last,
        basis=answer.basis,
        position=answer.position,
        as_of=answer.as_of,
        others={
            "against": answer.against,
            "against_position": answer.against_position,
            "against_as_of": answer.against_as_of,
            "reconciled": answer.reconciled,
        },
    )
    heads = tuple(TableColumn(measure, head_of_measure(measure)) for measure in measures)
    numbers = tuple(each.name for each in heads)
    parts = (
        TablePart(
            frozenset({"contribution"}),
            "Các nguyên nhân",
            (*(each.name for each in columns_of(Contribution)), *numbers),
        ),
        TablePart(frozenset({"rest", "total", "against", "difference"}), "Cộng lại", (_KIND.name, "count", *numbers)),
    )
    return AnswerTable(DIFFERENCE, said, (_KIND, *columns, *heads), rows(), behind_note(answer.behind), parts)
