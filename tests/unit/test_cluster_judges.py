"""What the tests of a cluster judge by: gaps between moments, and what was lost of what was acknowledged."""

import datetime as dt
from pathlib import Path

import pytest

from projections.rules.log.message import Message
from tests.cluster.judging import lost_of
from tests.cluster.marks import Marks, Rises
from tests.cluster.plan import FAULTS, SHORT, chosen
from tests.cluster.reporting import put
from tests.fault.load import Told
from tests.fault.publishing import Acked
from tests.oracle.telling import Said


def marks(*moments: float) -> Marks:
    found = Marks()
    for moment in moments:
        found.note(moment)
    return found


@pytest.mark.parametrize(
    ("moments", "gap"),
    [
        ((9, 10.5, 11, 14, 19.5), 5.5),
        ((7, 19), 12),  # it began before the fault did
        ((10.5, 11, 12), 8),  # it goes on when the time is over
        ((), 10),
        ((25,), 10),
    ],
)
def test_the_longest_gap_goes_beyond_the_beginning_and_up_to_the_end(moments: tuple[float, ...], gap: float) -> None:
    assert marks(*moments).longest_gap(10, 20) == gap


def test_only_a_position_that_is_higher_than_ever_is_a_rise() -> None:
    rises = Rises()
    for position in (3, 2, 3, 4, 1, 5):
        rises.see(position)
    assert (rises.highest, rises.times(0)) == (5, 3)


def test_what_is_missing_or_other_in_the_log_or_the_ledger_is_lost() -> None:
    def message(position: int, body: bytes) -> Message:
        return Message(position, dt.datetime(2024, 1, 1, tzinfo=dt.UTC), "party.v1.x.y", None, body)

    log = [message(1, b"a"), message(2, b"b"), message(3, b"c"), message(5, b"e")]
    ledger = {1: b"a", 2: b"other", 5: b"e"}
    acked = [Acked(at, Told(Said("s", body), "")) for at, body in ((1, b"a"), (2, b"b"), (4, b"d"), (5, b"x"))]
    assert lost_of(log, ledger, acked) == [2, 3, 4, 5]


def test_faults_are_named_by_patterns_and_a_wrong_one_is_told() -> None:
    assert chosen("") == FAULTS
    assert [fault.name for fault in chosen("kill-api, roll-n*")] == ["kill-api", "roll-nats"]
    assert [fault.name for fault in chosen(",".join(SHORT))] == list(SHORT)
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    with pytest.raises(ValueError, match="explode-api"):
        chosen("kill-api,explode-api")


def test_a_table_is_put_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n\n<!-- made: cluster -->\nold\n<!-- end -->\nafter\n")
    put(page, "new\n")
    put(page, "newer\n")
    assert page.read_text() == "before\n\n<!-- made: cluster -->\nnewer\n<!-- end -->\nafter\n"
