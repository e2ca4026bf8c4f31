"""A report by the codes of dimensions as it may be shown: its small cells hidden, and the answer saying so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Final

from msgspec import UNSET, UnsetType, structs

from projections.answers.privacy.breakdown_rules import Thresholds
from projections.answers.privacy.split_report import suppressed_split
from projections.answers.privacy.suppression import hidden_codes, hidden_pairs
from projections.answers.report.codes import codes_of, dimensions_asked
from projections.answers.report.report_answers import NotBrokenDown, Report, Row, Suppressed, Values
from projections.answers.report.report_question import Question
from projections.bilingual import Bilingual

REASON: Final = str(
    Bilingual(
        "Ô có ít hơn {smallest} người (khác 0) và các ô bù được ẩn để không suy ra được từng người; dòng cuối là tổng "
        "của các ô bị ẩn.",
        "Cells of fewer than {smallest} people, and those that would give them away, are hidden; the last row is their "
        "sum.",
    )
)
TOO_FEW: Final = str(
    Bilingual(
        "Ít hơn {smallest} người nên chỉ có tổng số, không phân tích (trong đó).",
        "Fewer than {smallest} people: the total alone is shown, without a breakdown.",
    )
)


def suppressed(report: Report, question: Question, thresholds: Thresholds) -> Report:
    """Return the report with null in the cells to hide, and at the end a row of what they come to.

    Each measure is a table by itself. One of fewer people than a table needs is null in every row, and where all are
    there are no rows. Any report that has no codes, or nothing to hide, is returned as it is.

    Where last year stands beside it, both periods are one table (contract §9): what one of them hides, and what they
    would together, is hidden in both.
    """
    if question.split:
        return suppressed_split(report, question.measures, question.split, thresholds)
    if question.by != "facet":
        return report
    periods = {measure: _periods(report, measure) for measure in question.measures}
    few = [m for m in question.measures if any(sum(cells) < thresholds.table for cells in periods[m])]
    said = NotBrokenDown(thresholds.table, few, TOO_FEW.format(smallest=thresholds.table)) if few else UNSET
    if len(few) == len(question.measures):
        return structs.replace(report, rows=[], not_broken_down=said)
    sizes = [len(codes_of(dimension)) for dimension in dimensions_asked(question.detail)]
    cells = {m: hidden_in_all(periods[m], sizes, thresholds.cell) for m in question.measures if m not in few}
    hidden = {m: cells.get(m, frozenset(range(len(report.rows)))) for m in question.measures}
    if not any(hidden.values()):
        return report
    counted = {measure: len(places) for measure, places in cells.items()}
    return structs.replace(
        report,
        rows=[*(_without(row, place, hidden) for place, row in enumerate(report.rows)), _sums(report, hidden)],
        suppressed=Suppressed(thresholds.cell, counted, REASON.format(smallest=thresholds.cell))
        if any(counted.values())
        else UNSET,
        not_broken_down=said,
    )


def hidden_in_all(periods: Sequence[Sequence[int]], sizes: Sequence[int], smallest: int) -> frozenset[int]:
    """Return the places that are hidden in each of one or two periods alike: what any hides, and both together.

    ``sizes`` are how many codes each dimension has, one or two; cells of two dimensions stand row by row.
    """
    looked_at = [*periods, [sum(both) for both in zip(*periods, strict=True)]] if len(periods) > 1 else periods
    if len(sizes) == 1:
        return frozenset().union(*(hidden_codes(cells, smallest) for cells in looked_at))
    height, width = sizes
    blocks = [
        hidden_pairs([cells[i * width : (i + 1) * width] for i in range(height)], smallest) for cells in looked_at
    ]
    rows = frozenset().union(*(block.rows for block in blocks))
    columns = frozenset().union(*(block.columns for block in blocks))
    return frozenset(i * width + j for i, j in product(rows, columns))


def _periods(report: Report, measure: str) -> list[list[int]]:
    """Return the cells of a measure in each period that has any figures; those of this one where neither has."""
    now = [(row.values or {}).get(measure) or 0 for row in report.rows]
    if report.last_year is UNSET:
        return [now]
    before = [(row.last_year or {}).get(measure) or 0 for row in report.rows]
    return [cells for cells in (now, before) if any(cells)] or [now]


def _without(row: Row, place: int, hidden: Mapping[str, frozenset[int]]) -> Row:
    def shown(values: Values | UnsetType | None) -> Values | None:
        return {m: None if place in hidden[m] else n for m, n in values.items()} if values else None

    if row.last_year is UNSET:
        return structs.replace(row, values=shown(row.values))
    return structs.replace(row, values=shown(row.values), last_year=shown(row.last_year))


def _sums(report: Report, hidden: Mapping[str, frozenset[int]]) -> Row:
    """Make the row of what the hidden cells of each measure come to."""

    def summed(values: Sequence[Values | None]) -> Values:
        return {m: sum((values[place] or {}).get(m) or 0 for place in places) for m, places in hidden.items()}

    row = Row(suppressed=True, values=summed([row.values for row in report.rows]))
    if report.last_year is UNSET:
        return row
    there = report.last_year.total is not None
    return structs.replace(row, last_year=summed([row.last_year or None for row in report.rows]) if there else None)
