"""Indicators, targets and silence as tables: a line a target, figure, stock, rate, or unit that said nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

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
from projections.answers.tables.answer_table import KIND, AnswerTable, Cells, TableColumn, behind_note, column, stated
from projections.answers.tables.flattening import cells_of, columns_of

INDICATORS: Final = "Chỉ tiêu, số khai báo, đảng viên và tỷ lệ"
TARGETS: Final = "Chỉ tiêu của đơn vị và của các đơn vị trực thuộc"
SILENCE: Final = "Đơn vị chưa báo cáo, đơn vị báo không phát sinh"
_KIND: Final = column(KIND)
_UNIT: Final = tuple(map(column, ("unit", "name", "level")))


def indicators_table(answer: Indicators) -> AnswerTable:
    """Return the table of indicators: the kinds of lines are `target`, `figure`, `stock` and `rate`."""
    columns = columns_of(Target, Figure, Stock, Rate)

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
    return AnswerTable(INDICATORS, said, (_KIND, *columns), rows(), behind_note(answer.behind))


def targets_table(answer: Allocations) -> AnswerTable:
    """Return the table of targets: of each the line `target` of the unit, then a line `child` of each child."""
    columns = columns_of(Allocation, AllocatedRow)
    shown = tuple(each for each in columns if not each.name.startswith("unit."))

    def line(kind: str, unit: UnitName, row: Allocation | AllocatedRow) -> Cells:
        return [kind, unit.id, unit.name, unit.level, *cells_of(row, shown)]

    def rows() -> Iterator[Cells]:
        measure = next(at for at, each in enumerate(shown) if each.name == "measure")
        for target in answer.targets:
            yield line("target", answer.unit, target)
            for row in target.rows:
                cells = list(line("child", row.unit, row))
                cells[4 + measure] = target.measure
                for name, value in (("item.from", target.first), ("item.to", target.last)):
                    cells[4 + next(at for at, each in enumerate(shown) if each.name == name)] = value
                yield cells

    said = stated(
        answer.unit,
        on=answer.on,
        basis=answer.basis,
        position=answer.position,
        as_of=answer.as_of,
        others={"targets_reason": answer.reason},
    )
    return AnswerTable(TARGETS, said, (_KIND, *_UNIT, *shown), rows(), behind_note(answer.behind))


def silence_table(answer: Silence) -> AnswerTable:
    """Return the table of silence: the kind of a line is the list in which it stands."""
    columns: tuple[TableColumn, ...] = tuple(
        each for each in columns_of(DeclaredZero, Differing) if not each.name.startswith("unit.")
    )
    empty: Cells = [None] * len(columns)
    lists: dict[str, NamedUnits | UnitsOfZeros | DifferingFigures] = {
        "silent": answer.silent,
        "declared_zero": answer.declared_zero,
        "differing": answer.differing,
        "admitted_nobody": answer.admitted_nobody,
    }

    def line(kind: str, unit: UnitName, cells: Cells) -> Cells:
        return [kind, unit.id, unit.name, unit.level, *cells]

    def rows() -> Iterator[Cells]:
        for unit in answer.silent.units:
            yield line("silent", unit, empty)
        for zeros in answer.declared_zero.units:
            for figure in zeros.figures:
                yield line("declared_zero", zeros.unit, cells_of(figure, columns))
        for differing in answer.differing.figures:
            yield line("differing", differing.unit, cells_of(differing, columns))
        for unit in answer.admitted_nobody.units:
            yield line("admitted_nobody", unit, empty)

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
    return AnswerTable(SILENCE, said, (_KIND, *_UNIT, *columns), rows(), (*behind_note(answer.behind), *more))
