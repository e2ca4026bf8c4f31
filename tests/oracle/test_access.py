"""Who holds which role (section 1, Access), case by case: one test a rule."""

from __future__ import annotations

import pytest

from tests.oracle.given import day, given
from tests.oracle.oracle import Oracle
from tests.oracle.telling import ROOT, Said, dissolved, founded, granted, moved, retracted, revoked, root

TREE = (
    root(),
    founded("tinh", ROOT, "2000-01-01"),
    founded("huyen", "tinh", "2010-01-01"),
    founded("xa", "huyen", "2020-01-01"),
    founded("ban", "tinh", "2000-01-01"),
)
AN, BA = "0123456789abcdef", "zyxwvutsrqponmlk"
HELD = ("xa", f"a-{AN}", "reader")
TODAY = day("2023-06-01")


def last(*log: Said) -> tuple[str, str | None]:
    """Tell the outcome of the last message, told after the tree."""
    return given(*TREE, *log).outcome(len(TREE) + len(log))


def told(*log: Said) -> Oracle:
    return given(*TREE, *log)


def grant(event_id: str, by: str = "xa", until: str | None = None, role: str = "reader") -> Said:
    return granted("xa", AN, role, event_id, by=by, until=until)


@pytest.mark.parametrize("say", [granted, revoked])
def test_the_subject_itself_and_every_unit_above_it_may_say_so(say: object) -> None:
    assert callable(say)
    for publisher in ("xa", "huyen", "tinh", ROOT):
        assert last(say("xa", AN, "keeper", "g", by=publisher)) == ("applied", None)
    for publisher in ("ban", "la"):
        assert last(say("xa", AN, "keeper", "g", by=publisher)) == ("rejected", "not_authorised")
    assert last(say("huyen", AN, "keeper", "g", by="xa")) == ("rejected", "not_authorised")
    for publisher in ("la", ROOT):
        assert last(say("la", AN, "keeper", "g", by=publisher)) == ("rejected", "not_authorised")


def test_what_was_said_without_authority_is_never_let_go() -> None:
    oracle = told(grant("early", by="ban"), moved("xa", "ban", "2023-01-01", "m"), grant("now", by="ban"))
    assert oracle.outcome(6) == ("rejected", "not_authorised")
    assert oracle.outcome(8) == ("applied", None)
    unknown = told(granted("moi", AN, "reader", "g", by=ROOT), founded("moi", "tinh", "2000-01-01"))
    assert unknown.outcome(6) == ("rejected", "not_authorised")


def test_what_holds_goes_on_when_its_publisher_is_not_above_any_more() -> None:
    oracle = told(grant("g", by="huyen"), moved("xa", "ban", "2020-01-01", "m"))
    assert oracle.roles(TODAY) == [HELD]
    assert last(moved("xa", "ban", "2020-01-01", "m"), grant("g", by="huyen")) == ("rejected", "not_authorised")


def test_days_play_no_part_the_last_known_hierarchy_does() -> None:
    away = moved("xa", "ban", "2099-01-01", "m")
    assert last(away, grant("g", by="huyen")) == ("rejected", "not_authorised")
    assert last(away, grant("g", by="ban")) == ("applied", None)


def test_a_dissolved_unit_speaks_for_itself_and_for_nobody_else() -> None:
    end = dissolved("huyen", "2023-01-01", "ban")
    assert last(end, grant("g", by="huyen")) == ("rejected", "not_authorised")
    assert last(end, grant("g", by="ban")) == ("applied", None)
    for publisher in ("huyen", "ban", "tinh"):
        assert last(end, granted("huyen", AN, "reader", "g", by=publisher)) == ("applied", None)


def test_the_operator_is_one_of_the_root() -> None:
    assert last(granted(ROOT, AN, "operator", "g")) == ("applied", None)
    for say in (granted, revoked):
        assert last(say("tinh", AN, "operator", "g", by=ROOT)) == ("rejected", "invalid_field")


def test_the_later_in_the_stream_stands_and_others_are_left_alone() -> None:
    oracle = told(
        grant("one", until="2023-06-30"),
        granted("xa", BA, "reader", "other", by="huyen"),
        granted("huyen", AN, "reader", "above"),
        grant("role", role="clerk"),
        grant("two", by=ROOT),
    )
    assert oracle.standing()[HELD] == (10, True, None)
    oracle.feed(11, *revoked("xa", AN, "reader", "no-more"))
    assert oracle.standing()[HELD] == (11, False, None)
    assert [key for key in oracle.roles(TODAY) if key[:2] == HELD[:2]] == [("xa", f"a-{AN}", "clerk")]
    assert len(oracle.roles(TODAY)) == 3
    oracle.feed(12, *grant("again"))
    assert HELD in oracle.roles(TODAY)


def test_until_is_the_last_day() -> None:
    oracle = told(grant("g", until="2023-06-01"))
    assert oracle.roles(day("2023-06-01")) == [HELD]
    assert oracle.roles(day("2023-06-02")) == []
    oracle.feed(7, *grant("shorter", until="2022-01-01"))
    assert oracle.roles(TODAY) == []  # the later stands, also where it is over


def test_taken_back_what_was_said_before_stands_again() -> None:
    oracle = told(grant("one"), revoked("xa", AN, "reader", "two"), grant("three", until="2022-01-01"))
    oracle.feed(9, *retracted("xa", "r1", "three"))
    assert oracle.outcome(8) == ("retracted", None)
    assert oracle.standing()[HELD] == (7, False, None)
    oracle.feed(10, *retracted("huyen", "r2", "two", of="xa"))
    assert oracle.roles(TODAY) == [HELD]
    oracle.feed(11, *retracted("xa", "r3", "one"))
    assert oracle.standing() == {}


def test_a_retraction_waits_for_its_event_and_for_authority_as_ever() -> None:
    oracle = told(retracted("xa", "r", "g"))
    assert oracle.outcome(6) == ("parked", "unknown_event")
    oracle.feed(7, *grant("g"))
    assert (oracle.outcome(6), oracle.outcome(7)) == (("applied", None), ("retracted", None))
    by_huyen = grant("h", by="huyen")
    assert last(by_huyen, retracted("xa", "r", "h", of="huyen")) == ("parked", "not_authorised")
    assert last(by_huyen, retracted("tinh", "r", "h", of="huyen")) == ("applied", None)
    assert last(grant("b", by="ban"), retracted("ban", "r", "b")) == ("rejected", "already_done")


def test_a_unit_over_which_a_role_is_held_can_not_be_unsaid() -> None:
    moi = founded("moi", "xa", "2021-01-01")
    held = granted("moi", AN, "reader", "g", by="xa")
    assert last(moi, held, retracted(ROOT, "r", "found-moi")) == ("rejected", "in_use")
    assert last(moi, held, revoked("moi", AN, "reader", "h"), retracted(ROOT, "r", "found-moi")) == (
        "rejected",
        "in_use",
    )
    assert last(moi, held, retracted("xa", "b", "g"), retracted(ROOT, "r", "found-moi")) == ("applied", None)
