"""A report by the codes of dimensions as it may be shown: its small cells hidden, and the answer saying so."""

from __future__ import annotations

from itertools import product

from msgspec import structs

from projections.answers.privacy.suppression import hidden_codes, hidden_pairs
from projections.answers.report.codes import codes_of, dimensions_asked
from projections.answers.report.report_answers import Report, Row, Suppressed
from projections.answers.report.report_question import Question

REASON = (
    "Ô có ít hơn {smallest} người (khác 0) và các ô bù được ẩn để không suy ra được từng người; "
    "dòng cuối là tổng của các ô bị ẩn."
)


def suppressed(report: Report, question: Question, smallest: int) -> Report:
    """Return the report with null in the cells to hide, and at the end a row of what they come to.

    Any report but one by facet, or one with nothing to hide, is returned as it is. ``smallest`` is the number of people
    from which on a cell is shown.
    """
    if question.by != "facet":
        return report
    hidden = {measure: _hidden(report, question.detail, measure, smallest) for measure in question.measures}
    if not any(hidden.values()):
        return report
    rows = [
        structs.replace(row, values={m: None if place in hidden[m] else n for m, n in row.values.items()})
        for place, row in enumerate(report.rows)
    ]
    sums = {m: sum(report.rows[place].values[m] or 0 for place in places) for m, places in hidden.items()}
    return structs.replace(
        report,
        rows=[*rows, Row(suppressed=True, values=sums)],
        suppressed=Suppressed(
            smallest=smallest,
            cells={measure: len(places) for measure, places in hidden.items()},
            reason=REASON.format(smallest=smallest),
        ),
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
