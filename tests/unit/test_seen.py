"""What a browser keeps of what it has seen: when it is written, and what is made of what it says."""

from __future__ import annotations

import pickle

import pytest
from asyncpg import SerializationError

from services.api.problems import NotReachedProblem
from services.api.seen import REMEMBERED, SeenByBrowser, SeenBySession

OURS, OTHERS = "0123456789ab", "ba9876543210"


def seen(cookie: str) -> SeenByBrowser:
    return SeenByBrowser(lambda: cookie)


def test_it_is_written_when_it_grows_and_only_then() -> None:
    for shown, kept in ((21, f"{OURS}.21"), (20, None), (19, None)):
        browser = seen(f"{OURS}.20")
        browser.show(OURS, shown)
        assert browser.to_be_kept() == kept
    assert seen(f"{OURS}.20").to_be_kept() is None, "nothing is shown"


def test_of_several_answers_to_one_page_the_latest_counts() -> None:
    browser = seen("")
    for position in (7, 9, 8):
        browser.show(OURS, position)
    assert browser.to_be_kept() == f"{OURS}.9"


def test_of_other_figures_it_means_nothing_and_is_written_anew() -> None:
    browser = seen(f"{OTHERS}.900")
    assert (browser.before(OURS), browser.before("")) == (-1, -1)
    browser.show(OURS, 5)
    assert browser.to_be_kept() == f"{OURS}.5"


def test_while_it_is_unknown_which_figures_these_are_nothing_is_kept() -> None:
    browser = seen("")
    browser.show("", 5)
    assert browser.to_be_kept() is None


def test_what_is_corrected_is_written_though_it_is_less() -> None:
    browser = seen(f"{OURS}.{10**18}")
    browser.correct(30)
    assert browser.before(OURS) == 30
    browser.show(OURS, 30)
    assert browser.to_be_kept() == f"{OURS}.30"


@pytest.mark.parametrize(
    "cookie",
    ["", ".", "x", f"{OURS}.", f"{OURS}.-1", f"{OURS}.1e3", f"{OURS}.{'9' * 20}", f"{OURS}.1 ", f"{OURS}.１", "é.5"],
)
def test_what_is_no_position_is_none(cookie: str) -> None:
    assert seen(cookie).before(OURS) == -1


def test_a_position_is_never_more_than_a_number_of_the_database() -> None:
    assert seen(f"{OURS}.{'9' * 19}").before(OURS) == 2**63 - 1


def test_a_session_is_remembered_until_the_figures_are_others() -> None:
    sessions = SeenBySession()
    for position in (7, 9, 8):
        sessions.show(OURS, "s-1", position)
    assert (sessions.before(OURS, "s-1"), sessions.before(OURS, "s-2"), sessions.before(OTHERS, "s-1")) == (9, -1, -1)
    sessions.correct("s-1", 4)
    assert sessions.before(OURS, "s-1") == 4
    sessions.show(OTHERS, "s-2", 1)
    assert (sessions.before(OURS, "s-1"), sessions.before(OTHERS, "s-1"), sessions.before(OTHERS, "s-2")) == (-1, -1, 1)


def test_of_bounded_many_sessions_something_is_remembered() -> None:
    sessions = SeenBySession()
    for n in range(REMEMBERED + 1):
        sessions.show(OURS, f"s-{n}", n)
    assert (sessions.before(OURS, "s-0"), sessions.before(OURS, "s-1")) == (-1, 1)


def test_what_another_process_meets_is_still_told_apart_here() -> None:
    early = pickle.loads(pickle.dumps(NotReachedProblem(30, 20, standby=True)))  # noqa: S301 - our own
    assert (type(early), early.position, early.standby, early.members) == (
        NotReachedProblem,
        20,
        True,
        {"position": 20},
    )
    assert type(pickle.loads(pickle.dumps(SerializationError("conflict")))) is SerializationError  # noqa: S301
