"""A statement as a table: a line a number that stands in a clause, and one of the whole paragraph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from projections.answers.plans.plan_answers import Operand
from projections.answers.report.report_answers import Behind, UnitName
from projections.answers.sentence.sentence_answers import Statement
from projections.answers.tables.answer_table import (
    KIND,
    AnswerTable,
    Cells,
    Paper,
    TablePart,
    behind_note,
    column,
    stated,
)
from projections.answers.tables.flattening import cells_of, columns_of

TITLE: Final = "Câu báo cáo"


class SentenceDocument(Struct, frozen=True):
    """A statement with what its document says beside it: the unit above, None for the root."""

    statement: Statement
    superior: UnitName | None
    behind: Behind | UnsetType = UNSET


def document_table(answer: SentenceDocument) -> AnswerTable:
    """Return the table of a statement that is to be a document."""
    said, superior = answer.statement, answer.superior
    paper = Paper(None if superior is None else superior.name, said.unit.name, said.unit.level, said.text, said.footing)
    return statement_table(said)._replace(paper=paper, notes=behind_note(answer.behind))


def statement_table(answer: Statement) -> AnswerTable:
    """Return the table of a statement: the kinds of lines are `statement`, `clause` and `number`."""
    columns = columns_of(Operand)
    nothing: Cells = [None] * len(columns)

    def rows() -> Iterator[Cells]:
        yield ["statement", None, answer.text, answer.footing, *nothing]
        for clause in answer.clauses:
            yield ["clause", clause.say, clause.text, None, *nothing]
            for number in clause.numbers:
                yield ["number", clause.say, None, None, *cells_of(number, columns)]

    said = stated(
        answer.unit,
        first=answer.first,
        last=answer.last,
        basis=answer.basis,
        position=answer.position,
        as_of=answer.as_of,
    )
    heads = tuple(column(name) for name in (KIND, "say", "text", "footing"))
    numbers = tuple(each.name for each in columns)
    parts = (
        TablePart(frozenset({"statement"}), "Cả câu", ("text", "footing")),
        TablePart(frozenset({"clause"}), "Từng ý", ("say", "text")),
        TablePart(frozenset({"number"}), "Số liệu trong câu", ("say", *numbers)),
    )
    return AnswerTable(TITLE, said, (*heads, *columns), rows(), behind_note(answer.behind), parts)
