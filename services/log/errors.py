"""What can go wrong where the log is carried into the figures, and what is done about it.

    ForeignLogError    the log is not the one that the figures were made from: an operator has to decide
    WrongSqlError      PostgreSQL can't make sense of a statement, again and again: waiting does not help
    ReplacedRulesError a rebuild put other rules in force: another version counts, this one may not

Everything else is sorted by ``is_transient`` and ``is_wrong`` (services.connecting.failures): waited out, given up
after a few attempts, or narrowed down to the one message that it comes from.
"""

from __future__ import annotations

import nats.errors

from projections.bilingual import Bilingual
from projections.rules.log.message import GapError
from projections.store.batch.writing import FencedError
from services.connecting.failures import PASSES_OR_IS_REPAIRED, Failure, classify, server_of
from services.log.intake import ConsumerGoneError


class ForeignLogError(Exception):
    """The log and the figures don't belong together; the message says what to do."""


class WrongSqlError(Exception):
    """A statement was refused as no statement, as often as it was tried; the message says what to do."""


class ReplacedRulesError(Exception):
    """The figures are made by rules that a rebuild put in the place of this program's."""

    def __init__(self, position: int, rules: str) -> None:
        super().__init__(
            Bilingual(
                f"từ vị trí {position} số liệu theo quy tắc khác, thay cho quy tắc của phiên bản này ({rules}): "
                "hãy chạy phiên bản mới, hoặc quay lại bằng `tonghop rebuild --back` của phiên bản này",
                f"since position {position} the figures are made by other rules, in the place of this version's "
                f"({rules}): run the version that made them, or go back by `tonghop rebuild --back` of this one",
            )
        )


_OURS = (FencedError, GapError, ConsumerGoneError, ReplacedRulesError, nats.errors.Error)


def is_transient(error: BaseException) -> bool:
    """Tell whether waiting can help: a server is away, restarting, full or busy, or another projector was faster.

    A schema, a file or a permission that is missing is no message's fault either: nothing is rejected because of it.
    """
    return isinstance(error, _OURS) or classify(error) in PASSES_OR_IS_REPAIRED


def is_wrong(error: BaseException) -> bool:
    """Tell whether PostgreSQL can't make sense of a statement: no message's fault, and waiting does not help."""
    return classify(error) is Failure.WRONG


def part_of(error: BaseException) -> str:
    """Name the part that failed: ``bus``, ``database`` or ``projector``."""
    if isinstance(error, (ConsumerGoneError, GapError)):
        return "bus"
    if isinstance(error, (FencedError, ReplacedRulesError)):
        return "database"
    return server_of(error) or "projector"
