"""`too_deep` (contract §1): 64 levels below the root are allowed, 65 are not, whoever ends up there, on any day."""

from __future__ import annotations

import pytest

from projections.rules.counting.state import SIZES
from projections.rules.hierarchy.depth import DEPTHS
from tests.oracle.telling import ROOT, Said, dissolved, founded, moved, renamed, retracted, root
from tests.property.folding import Folded

LEVELS, LINKS = DEPTHS


def nested(n: int, under: str = ROOT, name: str = "u", since: str = "2010-01-01") -> list[Said]:
    """Found units each under the one before."""
    over = [under, *(f"{name}{m}" for m in range(1, n))][:n]
    return [founded(f"{name}{m}", parent, since, by=ROOT) for m, parent in enumerate(over, start=1)]


def last(*log: Said) -> tuple[str, str | None, str | None]:
    """Return the outcome, reason and field of the last message."""
    folded = Folded(SIZES)
    position, outcome, reason = folded.take([root(), *log])[-1]
    return outcome, reason, folded.fields[position]


BRANCH = nested(10, ROOT, "v")


@pytest.mark.parametrize(
    ("log", "field"),
    [
        ([*nested(LEVELS), founded("one-more", f"u{LEVELS}", "2011-01-01")], "data.parent"),
        ([*nested(LEVELS - 9), *BRANCH, moved("v1", f"u{LEVELS - 9}", "2011-01-01", "m")], "data.parent"),
        ([*nested(LEVELS - 8), *BRANCH, dissolved("v1", "2012-01-01", f"u{LEVELS - 8}")], "data.successor"),
        (
            [
                *nested(LEVELS),
                moved("u64", "u1", "2011-01-01", "m"),
                founded("leaf", "u64", "2011-01-01"),
                retracted(ROOT, "r", "m"),
            ],
            "data.id",
        ),
        (
            [
                *nested(LEVELS),
                dissolved("u9", "2011-01-01"),
                founded("leaf", "u64", "2011-01-01"),
                retracted(ROOT, "r", "end-u9"),
            ],
            "data.id",
        ),
        (
            [*nested(LEVELS), *BRANCH, moved("v10", "v9", "2012-01-01", "n"), moved("v10", "u64", "2011-01-01", "m")],
            "data.parent",
        ),
    ],
    ids=[
        "founded",
        "moved with what is below",
        "a successor",
        "a move taken back",
        "an end taken back",
        "on some days of the past",
    ],
)
def test_what_would_be_too_deep(log: list[Said], field: str) -> None:
    assert last(*log) == ("rejected", "too_deep", field)


def test_what_is_as_deep_as_it_may_be() -> None:
    assert last(*nested(LEVELS))[0] == "applied"
    assert last(*nested(LEVELS - 10), *BRANCH, moved("v1", f"u{LEVELS - 10}", "2011-01-01", "m"))[0] == "applied"
    assert last(*nested(LEVELS), renamed(f"u{LEVELS}", "Chi bộ", "2011-01-01", "n"))[0] == "applied"


def test_dissolved_units_are_no_level_but_a_link() -> None:
    """Where units end one by one and others begin below, levels stay few and links grow: these are bounded too."""
    log, leaf, depth = [*nested(LEVELS)], f"u{LEVELS}", LEVELS
    for year in range(2011, 2015):
        log += [dissolved(said_of, f"{year}-01-01") for said_of in _standing(log)[:-1]]
        more = min(LEVELS - 1, LINKS - depth)
        log += nested(more, leaf, f"y{year}-", f"{year}-01-01")
        leaf, depth = f"y{year}-{more}" if more else leaf, depth + more
    assert depth == LINKS
    folded = Folded(SIZES)
    assert {reason for _, _, reason in folded.take([root(), *log])} == {None}
    folded.take([founded("one-more", leaf, "2020-01-01")])
    assert folded.outcomes[folded.state.position] == ("rejected", "too_deep")


def _standing(log: list[Said]) -> list[str]:
    founded_ = [
        said.body.split(b'"subject": "')[1].split(b'"')[0].decode() for said in log if b"established" in said.body
    ]
    ended = {said.body.split(b'"subject": "')[1].split(b'"')[0].decode() for said in log if b"dissolved" in said.body}
    return [unit for unit in founded_ if unit not in ended]
