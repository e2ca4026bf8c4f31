"""Indicators, targets and silence as tables: a line a target, figure, stock, rate, or unit that said nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from projections.answers.plans.plan_answers import (
    AllocatedRow,
    Allocation,
    Allocations,
    Figure,
    Indicators,
    Rate,
    Stock,
    Target,
)
from projections.answers.plans.silence_answers import (
    DeclaredZero,
    Differing,
    DifferingFigures,
    NamedUnits,
    Silence,
    UnitsOfZeros,
)
from projections.answers.report.report_answers import UnitName
from projections.answers.tables.answer_table import (
    KIND,
    AnswerTable,
    Cells,
    TableColumn,
    TablePart,
    behind_note,
    column,
    stated,
)
from projections.answers.tables.flattening import cells_of, columns_of
from projections.answers.tables.heads import HEADS

INDICATORS: Final = "Chỉ tiêu, số khai báo, đảng viên và tỷ lệ"
TARGETS: Final = "Chỉ tiêu của đơn vị và của các đơn vị trực thuộc"
SILENCE: Final = "Đơn vị chưa báo cáo, đơn vị báo không phát sinh"
_KIND: Final = column(KIND)
_UNIT: Final = tuple(map(column, ("unit", "name", "level")))
_UNTIL: Final = column("until", "Tính đến hết ngày")
"""Of a target; elsewhere it is the day before which something ended."""
_OF_TARGET: Final = frozenset({"measure", "item.from", "item.to"})
"""The columns of a child's line that say what the target is for which it has its part."""
_INDICATORS: Final = (
    ("target", "Chỉ tiêu được giao", Target),
    ("figure", "Số khai báo", Figure),
    ("stock", "Số đảng viên", Stock),
    ("rate", "Các tỷ lệ", Rate),
)


def indicators_table(answer: Indicators) -> AnswerTable:
    """Return the table of indicators: the kinds of lines are `target`, `figure`, `stock` and `rate`."""
    columns = tuple(_UNTIL if each.name == _UNTIL.name else each for each in columns_of(Target, Figure, Stock, Rate))

    def rows() -> Iterator[Cells]:
        for target in answer.targets:
            yield ["target", *cells_of(target, columns)]
        for figure in answer.figures:
            yield ["figure", *cells_of(figure, columns)]
        yield ["stock", *cells_of(answer.stock, columns)]
        for rate in answer.rates:
            yield ["rate", *cells_of(rate, columns)]

    said = stated(
        answer.unit,
        on=answer.on,
        basis=answer.basis,
        position=answer.position,
        as_of=answer.as_of,
        others={"targets_reason": answer.targets_reason},
    )
    parts = tuple(_part(kind, head, columns_of(of)) for kind, head, of in _INDICATORS)
    return AnswerTable(INDICATORS, said, (_KIND, *columns), rows(), behind_note(answer.behind), parts)


def targets_table(answer: Allocations) -> AnswerTable:
    """Return the table of targets: of each the line `target` of the unit, then a line `child` of each child."""
    columns = _beside_unit(Allocation, AllocatedRow)

    def rows() -> Iterator[Cells]:
        for target in answer.targets:
            of_target = cells_of(target, columns)
            yield _of_unit("target", answer.unit, of_target)
            for row in target.rows:
                both = zip(columns, of_target, cells_of(row, columns), strict=True)
                yield _of_unit("child", row.unit, [of if each.name in _OF_TARGET else own for each, of, own in both])

    said = stated(
        answer.unit,
        on=answer.on,
        basis=answer.basis,
        position=answer.position,
        as_of=answer.as_of,
        others={"targets_reason": answer.reason},
    )
    everything = (_KIND, *_UNIT, *columns)
    part = TablePart(frozenset({"target", "child"}), None, tuple(each.name for each in everything))
    return AnswerTable(TARGETS, said, everything, rows(), behind_note(answer.behind), (part,))


def silence_table(answer: Silence) -> AnswerTable:
    """Return the table of silence: the kind of a line is the list in which it stands."""
    columns = _beside_unit(DeclaredZero, Differing)
    empty: Cells = [None] * len(columns)
    lists: dict[str, NamedUnits | UnitsOfZeros | DifferingFigures] = {
        "silent": answer.silent,
        "only_zero": answer.only_zero,
        "declared_zero": answer.declared_zero,
        "differing": answer.differing,
        "admitted_nobody": answer.admitted_nobody,
    }

    def rows() -> Iterator[Cells]:
        for unit in answer.silent.units:
            yield _of_unit("silent", unit, empty)
        for unit in answer.only_zero.units:
            yield _of_unit("only_zero", unit, empty)
        for zeros in answer.declared_zero.units:
            for figure in zeros.figures:
                yield _of_unit("declared_zero", zeros.unit, cells_of(figure, columns))
        for differing in answer.differing.figures:
            yield _of_unit("differing", differing.unit, cells_of(differing, columns))
        for unit in answer.admitted_nobody.units:
            yield _of_unit("admitted_nobody", unit, empty)

    said = stated(
        answer.unit,
        first=answer.first,
        last=answer.last,
        basis="as-was",
        position=answer.position,
        as_of=answer.as_of,
        others={
            "asked_level": answer.level,
            "asked": answer.asked,
            **{f"{name}.count": each.count for name, each in lists.items()},
        },
    )
    more = [
        f"{name}: đây là một phần của danh sách, tiếp theo: list={name}&cursor={each.next}"
        for name, each in lists.items()
        if each.next is not None
    ]
    of_kinds = {"declared_zero": _beside_unit(DeclaredZero), "differing": _beside_unit(Differing)}
    parts = tuple(_part(name, HEADS[name], (*_UNIT, *of_kinds.get(name, ()))) for name in lists)
    return AnswerTable(SILENCE, said, (_KIND, *_UNIT, *columns), rows(), (*behind_note(answer.behind), *more), parts)


def _beside_unit(*kinds: type[Struct]) -> tuple[TableColumn, ...]:
    """Return the columns of several types but those of the unit, which stand before them."""
    return tuple(each for each in columns_of(*kinds) if not each.name.startswith("unit."))


def _part(kind: str, head: str, columns: tuple[TableColumn, ...]) -> TablePart:
    return TablePart(frozenset({kind}), head, tuple(each.name for each in columns))


def _of_unit(kind: str, unit: UnitName, cells: Cells) -> Cells:
    return [kind, unit.id, unit.name, unit.level, *cells]
