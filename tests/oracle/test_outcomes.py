"""What becomes of an event (section 2), case by case: one test a rule."""

from __future__ import annotations

import json

import pytest

from tests.oracle.given import given
from tests.oracle.telling import (
    ROOT,
    Said,
    admitted,
    dissolved,
    founded,
    moved,
    renamed,
    root,
    say,
    transferred,
)

TREE = (
    root(),
    founded("tinh", ROOT, "2000-01-01"),
    founded("huyen", "tinh", "2010-01-01"),
    founded("xa", "huyen", "2020-01-01"),
)


def last(*log: Said) -> tuple[str, str | None]:
    """Tell the outcome of the last message, told after the tree."""
    return given(*TREE, *log).outcome(len(TREE) + len(log))


def test_what_is_right_holds() -> None:
    assert given(*TREE).held() == [1, 2, 3, 4]
    assert last(admitted("xa", "2023-01-01", "a")) == ("counted", None)
    assert last(renamed("xa", "Xã mới", "2023-01-01", "n")) == ("applied", None)


def test_only_the_root_establishes_itself() -> None:
    own = say(
        "xa", "x", "unit.established", ROOT, {"parent": None, "name": "x", "level": "central", "since": "2000-01-01"}
    )
    assert given(own).outcome(1) == ("parked", "unknown_unit")
    assert given(own, root()).outcome(1) == ("rejected", "already_done")
    other = say(
        ROOT, "x", "unit.established", "xa", {"parent": None, "name": "x", "level": "cell", "since": "2000-01-01"}
    )
    assert given(root(), other).outcome(2) == ("rejected", "invalid_field")


def test_the_same_again_is_a_duplicate_however_it_is_laid_out() -> None:
    first = admitted("xa", "2023-01-01", "a")
    turned = Said(first.bus_subject, json.dumps(dict(reversed(json.loads(first.body).items())), indent=1).encode())
    assert last(first, first) == ("duplicate", None)
    assert last(first, turned) == ("duplicate", None)


def test_the_same_id_with_other_content_is_a_conflict_and_the_first_stands() -> None:
    oracle = given(*TREE, admitted("xa", "2023-01-01", "a"), admitted("xa", "2023-01-02", "a"))
    assert oracle.outcome(5) == ("counted", None)
    assert oracle.outcome(6) == ("rejected", "id_conflict")


def test_an_id_belongs_to_its_publisher() -> None:
    assert last(admitted("xa", "2023-01-01", "a"), admitted("huyen", "2023-01-01", "a")) == ("counted", None)


def test_a_rejected_message_takes_its_id_too() -> None:
    wrong = admitted("xa", "2023-01-01", "a", unheard_of=1)
    assert last(wrong) == ("rejected", "invalid_field")
    assert last(wrong, wrong) == ("duplicate", None)
    assert last(wrong, admitted("xa", "2023-01-01", "a")) == ("rejected", "id_conflict")


def test_a_message_without_a_key_is_rejected_each_time() -> None:
    garbage = Said("party.v1.xa.member.admitted", b"{")
    assert last(garbage, garbage) == ("rejected", "malformed")


def test_a_source_other_than_the_publisher_is_refused() -> None:
    assert last(say("xa", "a", "member.admitted", "xa", {}, source="/units/huyen")) == (
        "rejected",
        "publisher_mismatch",
    )
    assert last(say("xa", "a", "member.promoted", "xa", {})) == ("rejected", "unknown_type")


@pytest.mark.parametrize(
    "said",
    [
        admitted("la", "2023-01-01", "a", by="xa"),
        admitted("xa", "2023-01-01", "a", by="la"),
        transferred("xa", "la", "2023-01-01", "a"),
        founded("moi", "la", "2023-01-01"),
        founded("moi", "huyen", "2023-01-01", by="la"),
        moved("xa", "la", "2023-01-01", "a"),
        dissolved("xa", "2023-01-01", "la"),
        dissolved("la", "2023-01-01"),
    ],
)
def test_an_unknown_unit_parks(said: Said) -> None:
    assert last(said) == ("parked", "unknown_unit")


@pytest.mark.parametrize(
    "said",
    [
        admitted("xa", "2019-12-31", "a"),
        transferred("huyen", "xa", "2019-12-31", "a"),
        founded("moi", "xa", "2019-12-31"),
        moved("xa", "huyen", "2019-12-31", "a"),
        moved("huyen", "xa", "2019-12-31", "a"),
        dissolved("huyen", "2019-12-31", "xa"),
        say(
            "xa",
            "t",
            "target.assigned",
            "xa",
            {"measure": "admissions", "from": "2019-12-31", "to": "2023-01-01", "at_least": 1, "resolution": "NQ"},
        ),
        say("xa", "d", "figure.declared", "xa", {"figure": "members", "on": "2019-12-31", "value": 1}),
        say(
            "xa",
            "d",
            "figure.declared",
            "xa",
            {"figure": "admissions", "from": "2019-01-01", "to": "2019-12-31", "value": 1},
        ),
    ],
)
def test_a_unit_before_its_foundation_parks(said: Said) -> None:
    assert last(said) == ("parked", "inactive_unit")


def test_a_unit_is_active_until_the_day_before_its_dissolution() -> None:
    end = dissolved("xa", "2023-01-01")
    assert last(end, admitted("xa", "2022-12-31", "a")) == ("counted", None)
    assert last(end, admitted("xa", "2023-01-01", "a")) == ("parked", "inactive_unit")
    assert last(end, transferred("huyen", "xa", "2023-01-01", "a")) == ("parked", "inactive_unit")


def test_a_unit_speaks_of_itself_and_of_those_below() -> None:
    for publisher in ("xa", "huyen", "tinh", ROOT):
        assert last(admitted("xa", "2023-01-01", "a", by=publisher)) == ("counted", None)
    assert last(admitted("huyen", "2023-01-01", "a", by="xa")) == ("parked", "not_authorised")
    ban = founded("ban", "tinh", "2000-01-01")
    assert last(ban, admitted("xa", "2023-01-01", "a", by="ban")) == ("parked", "not_authorised")


def test_authority_is_of_the_day_or_as_last_known() -> None:
    to = (founded("ban", "tinh", "2000-01-01"), moved("xa", "ban", "2023-06-01", "m"))
    for publisher in ("ban", "huyen"):
        assert last(*to, admitted("xa", "2023-01-01", "a", by=publisher)) == ("counted", None)
    assert last(*to, admitted("xa", "2023-06-01", "a", by="huyen")) == ("parked", "not_authorised")


def test_structure_needs_a_unit_above() -> None:
    assert last(renamed("xa", "Mới", "2023-01-01", "n", by="xa")) == ("parked", "not_authorised")
    assert last(renamed("xa", "Mới", "2023-01-01", "n", by="huyen")) == ("applied", None)
    assert last(renamed(ROOT, "Mới", "2023-01-01", "n")) == ("parked", "not_authorised")
    assert last(founded("moi", "huyen", "2023-01-01", by="huyen")) == ("applied", None)
    assert last(founded("moi", "huyen", "2023-01-01", by="xa")) == ("parked", "not_authorised")


def test_a_unit_is_established_once_and_dissolved_once() -> None:
    assert last(founded("xa", "la", "2021-01-01", event_id="again")) == ("rejected", "already_done")
    end = dissolved("xa", "2023-01-01")
    assert last(end, dissolved("xa", "2024-01-01", event_id="again")) == ("rejected", "already_done")


def test_a_cycle_is_rejected() -> None:
    assert last(moved("huyen", "xa", "2023-01-01", "m")) == ("rejected", "cycle")
    assert last(moved("xa", "xa", "2023-01-01", "m")) == ("rejected", "cycle")
    assert last(dissolved("huyen", "2023-01-01", "xa")) == ("rejected", "cycle")


def test_a_cycle_on_a_later_day_is_rejected() -> None:
    away = (founded("ban", "tinh", "2000-01-01"), moved("ban", "xa", "2023-06-01", "m"))
    assert last(*away, moved("huyen", "ban", "2023-01-01", "n")) == ("rejected", "cycle")


def test_what_is_parked_holds_as_soon_as_it_can() -> None:
    early = admitted("xa", "2023-01-01", "a")
    oracle = given(early, TREE[3], TREE[2], TREE[1])
    assert [oracle.outcome(n) for n in (1, 2, 3, 4)] == [("parked", "unknown_unit")] * 4
    oracle.feed(5, *root())
    assert oracle.held() == [1, 2, 3, 4, 5]


def test_the_reason_for_which_it_is_parked_is_kept_up_to_date() -> None:
    stranger = admitted("moi", "2022-12-31", "a", by="ban")
    oracle = given(*TREE, stranger, founded("moi", "huyen", "2022-12-31"))
    assert oracle.outcome(5) == ("parked", "unknown_unit")
    oracle.feed(7, *founded("ban", "tinh", "2000-01-01"))
    assert oracle.outcome(5) == ("parked", "not_authorised")
    oracle.feed(8, *moved("moi", "ban", "2024-01-01", "m"))
    assert oracle.outcome(5) == ("counted", None)


def test_the_first_of_two_parked_foundations_holds() -> None:
    one, two = founded("moi", "ban", "2020-01-01", event_id="one"), founded("moi", "ban", "2021-01-01", event_id="two")
    oracle = given(*TREE, one, two, founded("ban", "tinh", "2000-01-01"))
    assert oracle.outcome(5) == ("applied", None)
    assert oracle.outcome(6) == ("rejected", "already_done")


def test_a_reorganisation_told_later_uncounts_nothing() -> None:
    oracle = given(*TREE, admitted("xa", "2023-06-01", "a", by="huyen"), dissolved("xa", "2023-01-01", "tinh"))
    assert oracle.outcome(5) == ("counted", None)


def test_parked_events_are_counted_at_the_units_above_their_subject() -> None:
    oracle = given(*TREE, admitted("xa", "2019-01-01", "a"), admitted("la", "2019-01-01", "b", by="xa"))
    assert oracle.parked("xa") == oracle.parked("tinh") == oracle.parked(ROOT) == [5]
