"""A report by the codes of dimensions as it may be shown: its small cells hidden, and the answer saying so."""

from __future__ import annotations

from itertools import product
from typing import Final

from msgspec import UNSET, structs

from projections.answers.privacy.breakdown_rules import Thresholds
from projections.answers.privacy.suppression import hidden_codes, hidden_pairs
from projections.answers.report.codes import codes_of, dimensions_asked
from projections.answers.report.report_answers import NotBrokenDown, Report, Row, Suppressed
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
    there are no rows. Any report but one by facet, or one with nothing to hide, is returned as it is.
    """
    if question.by != "facet":
        return report
    few = [measure for measure in question.measures if report.total[measure] < thresholds.table]
    said = NotBrokenDown(thresholds.table, few, TOO_FEW.format(smallest=thresholds.table)) if few else UNSET
    if len(few) == len(question.measures):
        return structs.replace(report, rows=[], not_broken_down=said)
    cells = {
        measure: _hidden(report, question.detail, measure, thresholds.cell)
        for measure in question.measures
        if measure not in few
    }
    hidden = {m: cells.get(m, frozenset(range(len(report.rows)))) for m in question.measures}
    if not any(hidden.values()):
        return report
    rows = [
        structs.replace(row, values={m: None if place in hidden[m] else n for m, n in row.values.items()})
        for place, row in enumerate(report.rows)
    ]
    sums = {m: sum(report.rows[place].values[m] or 0 for place in places) for m, places in hidden.items()}
    counted = {measure: len(places) for measure, places in cells.items()}
    return structs.replace(
        report,
        rows=[*rows, Row(suppressed=True, values=sums)],
        suppressed=Suppressed(thresholds.cell, counted, REASON.format(smallest=thresholds.cell))
        if any(counted.values())
        else UNSET,
        not_broken_down=said,
    )


def _hidden(report: Report, detail: str, measure: str, smallest: int) -> frozenset[int]:
    """Return the places of the rows in which the measure is hidden."""
    cells = [row.values[measure] or 0 for row in report.rows]
    sizes = [len(codes_of(dimension)) for dimension in dimensions_asked(detail)]
    if len(sizes) == 1:
        return hidden_codes(cells, smallest)
    height, width = sizes
    block = hidden_pairs([cells[i * width : (i + 1) * width] for i in range(height)], smallest)
    return frozenset(i * width + j for i, j in product(block.rows, block.columns))
