"""Corrections (section 1): what can be taken back, by whom, and what follows from it."""

from __future__ import annotations

from tests.oracle.given import admissions, given
from tests.oracle.telling import ROOT, Said, admitted, dissolved, founded, moved, retracted, root, transferred

TREE = (
    root(),
    founded("tinh", ROOT, "2000-01-01"),
    founded("huyen", "tinh", "2010-01-01"),
    founded("xa", "huyen", "2020-01-01"),
)
FACT = admitted("xa", "2023-01-01", "a")


def last(*log: Said) -> tuple[str, str | None]:
    """Tell the outcome of the last message, told after the tree."""
    return given(*TREE, *log).outcome(len(TREE) + len(log))


def test_a_fact_taken_back_counts_no_more() -> None:
    oracle = given(*TREE, FACT, retracted("xa", "r", "a"))
    assert oracle.outcome(5) == ("retracted", None)
    assert oracle.outcome(6) == ("applied", None)
    assert admissions(oracle, ROOT, "2023-01-01", "2023-01-01") == 0


def test_its_id_stays_taken() -> None:
    assert last(FACT, retracted("xa", "r", "a"), FACT) == ("duplicate", None)
    assert last(FACT, retracted("xa", "r", "a"), admitted("xa", "2023-02-01", "a")) == ("rejected", "id_conflict")


def test_a_retraction_waits_for_its_event() -> None:
    oracle = given(*TREE, retracted("xa", "r", "a"))
    assert oracle.outcome(5) == ("parked", "unknown_event")
    oracle.feed(6, *FACT)
    assert oracle.outcome(5) == ("applied", None)
    assert oracle.outcome(6) == ("retracted", None)


def test_what_is_rejected_or_retracted_or_a_retraction_is_not_taken_back() -> None:
    assert last(FACT, retracted("xa", "r", "a"), retracted("xa", "s", "a")) == ("rejected", "already_done")
    assert last(FACT, retracted("xa", "r", "a"), retracted("xa", "s", "r")) == ("rejected", "already_done")
    assert last(admitted("xa", "2023-01-01", "w", x=1), retracted("xa", "r", "w")) == ("rejected", "already_done")
    assert last(retracted("xa", "r", "r")) == ("rejected", "already_done")
    assert last(retracted("xa", "r", "a"), retracted("xa", "s", "r")) == ("rejected", "already_done")


def test_what_is_parked_can_be_taken_back() -> None:
    oracle = given(retracted("xa", "r", "a"), FACT)
    assert oracle.outcome(1) == ("applied", None)
    assert oracle.outcome(2) == ("retracted", None)


def test_it_takes_the_publisher_or_a_unit_above_it() -> None:
    for publisher in ("xa", "huyen", "tinh", ROOT):
        assert last(FACT, retracted(publisher, "r", "a", of="xa")) == ("applied", None)
    by_huyen = admitted("xa", "2023-01-01", "a", by="huyen")
    assert last(by_huyen, retracted("xa", "r", "a", of="huyen")) == ("parked", "not_authorised")
    assert last(FACT, retracted("la", "r", "a", of="xa")) == ("parked", "unknown_unit")
    assert last(admitted("xa", "2023-01-01", "a", by="la"), retracted("xa", "r", "a", of="la")) == (
        "parked",
        "unknown_unit",
    )


def test_authority_over_a_publisher_is_of_the_events_day_or_as_last_known() -> None:
    away = (founded("ban", "tinh", "2000-01-01"), moved("xa", "ban", "2023-06-01", "m"))
    late = admitted("xa", "2023-06-01", "b")
    assert last(*away, FACT, retracted("huyen", "r", "a", of="xa")) == ("applied", None)
    assert last(*away, FACT, retracted("ban", "r", "a", of="xa")) == ("applied", None)
    assert last(*away, late, retracted("huyen", "r", "b", of="xa")) == ("parked", "not_authorised")


def test_a_move_taken_back_was_never_said() -> None:
    move = (founded("ban", "tinh", "2000-01-01"), moved("xa", "ban", "2023-01-01", "m"), FACT)
    oracle = given(*TREE, *move, retracted(ROOT, "r", "m"))
    assert admissions(oracle, "ban", "2023-01-01", "2023-01-01") == 0
    assert admissions(oracle, "huyen", "2023-01-01", "2023-01-01") == 1


def test_a_foundation_that_is_referred_to_stays() -> None:
    back = retracted(ROOT, "r", "found-xa")
    assert last(back) == ("applied", None)
    assert last(FACT, back) == ("rejected", "in_use")
    assert last(transferred("huyen", "xa", "2023-01-01", "a"), back) == ("rejected", "in_use")
    assert last(founded("moi", "xa", "2023-01-01"), back) == ("rejected", "in_use")
    other = founded("ban", "tinh", "2000-01-01")
    assert last(other, moved("ban", "xa", "2023-01-01", "m"), back) == ("rejected", "in_use")
    assert last(other, dissolved("ban", "2023-01-01", "xa"), back) == ("rejected", "in_use")
    assert last(dissolved("xa", "2023-01-01"), back) == ("rejected", "in_use")


def test_what_does_not_hold_and_whom_it_published_are_no_references() -> None:
    back = retracted(ROOT, "r", "found-xa")
    assert last(admitted("xa", "2019-01-01", "a"), back) == ("applied", None)
    assert last(FACT, retracted("xa", "s", "a"), back) == ("applied", None)
    below = (founded("thon", "huyen", "2020-01-01"), moved("thon", "xa", "2021-01-01", "m"))
    spoken = admitted("thon", "2021-06-01", "b", by="xa")
    assert last(*below, spoken, retracted(ROOT, "s", "m"), back) == ("applied", None)


def test_a_unit_whose_foundation_was_taken_back_can_be_established_anew() -> None:
    oracle = given(*TREE, admitted("xa", "2019-01-01", "a"), retracted(ROOT, "r", "found-xa"))
    assert oracle.outcome(5) == ("parked", "unknown_unit")
    oracle.feed(7, *founded("xa", "tinh", "2018-01-01", event_id="anew"))
    assert oracle.outcome(5) == ("counted", None)
    assert oracle.ancestors("xa", oracle.hierarchy().statements[-1].since) == [ROOT, "tinh"]


def test_taking_back_what_keeps_two_units_from_being_each_others_parent_is_a_cycle() -> None:
    log = (
        founded("ban", "tinh", "2000-01-01"),
        moved("ban", "huyen", "2021-01-01", "down"),
        moved("ban", "tinh", "2022-01-01", "up"),
        moved("huyen", "ban", "2022-01-01", "under"),
    )
    assert last(*log) == ("applied", None)
    assert last(*log, retracted(ROOT, "r", "up")) == ("rejected", "cycle")
    assert last(*log, retracted(ROOT, "r", "under"), retracted(ROOT, "s", "up")) == ("applied", None)


def test_a_dissolution_taken_back_lets_go_what_waited() -> None:
    oracle = given(*TREE, dissolved("xa", "2023-01-01"), FACT)
    assert oracle.outcome(6) == ("parked", "inactive_unit")
    oracle.feed(7, *retracted(ROOT, "r", "end-xa"))
    assert oracle.outcome(6) == ("counted", None)
    oracle.feed(8, *dissolved("xa", "2023-01-01", event_id="end-again"))
    assert oracle.outcome(8) == ("applied", None)


def test_a_chain_of_corrections_told_backwards() -> None:
    log = (retracted(ROOT, "r2", "r1"), retracted(ROOT, "r1", "found-xa"), FACT, TREE[0], TREE[1], TREE[2], TREE[3])
    oracle = given(*log)
    assert oracle.outcome(1) == ("rejected", "already_done")
    assert oracle.outcome(7) == ("retracted", None)
    assert oracle.outcome(3) == ("parked", "unknown_unit")
