"""Which whole numbers of a base give a printed percentage: held against trying all of them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.answers.sentence.claims import Claim, claim_of, neighbours, rounded, share, whole_numbers
from projections.answers.words.percents import percent
from projections.answers.words.vietnamese_format import percentage

bases = st.integers(1, 60)
printed = st.tuples(st.integers(0, 300), st.integers(0, 2)).map(lambda n: Claim("r", *n))


def by_decimals(part: int, base: int, places: int) -> int:
    exact = Decimal(100 * part) / Decimal(base)
    return int(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP).scaleb(places))


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("r:15", Claim("r", 15, 0)),
        ("r:84,2", Claim("r", 842, 1)),
        ("r:84.2", Claim("r", 842, 1)),
        ("r:84,25%", Claim("r", 8425, 2)),
        ("r:100,0", Claim("r", 1000, 1)),
        ("r:0", Claim("r", 0, 0)),
        ("r:1.280", Claim("r", 1280, 0)),
        ("r:1.280,5%", Claim("r", 12805, 1)),
        ("r:5.600.000%", Claim("r", 5_600_000, 0)),
    ],
)
def test_a_claim_is_read_as_it_is_printed(text: str, claim: Claim) -> None:
    assert claim_of(text) == claim


@pytest.mark.parametrize(
    "text",
    ["", "r", "r:", "r:x", "r:-1", "r:15%%", "r:1,2,3", "r:,5", "r:15 ", "r:1.28.0", "r:12345678", "r:1,2345", "r:٣"],
)
def test_what_is_no_percentage_is_no_claim(text: str) -> None:
    assert claim_of(text) is None


@given(st.integers(0, 1000), bases, st.integers(0, 2))
def test_rounding_is_half_up(part: int, base: int, places: int) -> None:
    assert rounded(part, base, places) == by_decimals(part, base, places)


@given(printed, bases)
def test_the_whole_numbers_are_those_that_trying_all_finds(claim: Claim, base: int) -> None:
    tried = [n for n in range(4 * base) if by_decimals(n, base, claim.places) == claim.value]
    assert list(whole_numbers(claim, base)) == tried


@given(printed, bases)
def test_neighbours_are_those_on_both_sides(claim: Claim, base: int) -> None:
    if not whole_numbers(claim, base):
        below, above = neighbours(claim, base, None)
        assert above == below + 1
        assert by_decimals(below, base, claim.places) < claim.value < by_decimals(above, base, claim.places)


@given(st.integers(0, 5000), st.integers(1, 400))
def test_whatever_the_system_prints_is_possible(part: int, base: int) -> None:
    found = percent(part, base)
    assert found is not None
    claim = claim_of(f"r:{percentage(found)}")
    assert claim is not None
    assert part in whole_numbers(claim, base)


def test_fifteen_percent_of_twenty_three() -> None:
    claim = Claim("r", 15, 0)
    assert not whole_numbers(claim, 23)
    assert [share(n, 23, claim) for n in neighbours(claim, 23, 23)] == ["3/23 = 13,0%", "4/23 = 17,4%"]
    assert str(claim) == "15%"


def test_a_part_is_never_more_than_the_whole() -> None:
    assert neighbours(Claim("r", 104, 0), 23, 23) == [23]
    assert neighbours(Claim("r", 99, 0), 23, 23) == [22, 23]


def test_a_share_is_as_precise_as_the_claim() -> None:
    assert share(16, 19, Claim("r", 84, 0)) == "16/19 = 84,2%"
    assert share(16, 19, Claim("r", 8421, 2)) == "16/19 = 84,21%"
    assert share(1905, 1905, Claim("r", 1, 0)) == "1.905/1.905 = 100,0%"
