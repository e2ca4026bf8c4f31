"""The words of the contract's codes: all that the catalogue and the vocabulary have has them, and nothing else."""

from events import words
from events.catalogue import DIMENSIONS, FACET_DIMENSIONS, FACTS, MEASURES
from events.vocabulary import LEVELS, ROLES, STOCKS


def test_whatever_is_counted_or_declared_has_words() -> None:
    assert words.MEASURES.keys() == {*MEASURES}
    assert words.STOCKS.keys() == {*STOCKS}
    assert words.LEVELS.keys() == {*LEVELS}
    assert words.ROLES.keys() == {*ROLES}
    assert words.DIMENSIONS.keys() == DIMENSIONS.keys()


def test_whatever_a_breakdown_shows_has_words_but_for_figures() -> None:
    codes = {code for of_dimension in DIMENSIONS.values() for code in of_dimension}
    assert words.CODES.keys() == {code for code in codes if not code[0].isdigit()}


def test_a_number_has_its_place_in_the_words_that_say_it() -> None:
    for each in words.MEASURES.values():
        assert each.some.count("{}") == each.goal.count("{}") == 1
        assert "{" not in each.none
        assert each.english == each.english.lower()
    for rate in words.RATES_OF_DECLARED.values():
        assert [rate.said.count(f"{{{part}}}") for part in ("part", "whole", "percent")] == [1, 1, 1]


def test_whatever_a_sheet_asks_for_has_a_head() -> None:
    assert words.TYPES.keys() == words.FIELDS.keys() == {row.type for row in FACTS}
    assert words.FACETS.keys() == {*FACET_DIMENSIONS}
    for row in FACTS:
        assert words.FIELDS[row.type].keys() == {*row.data.__struct_encode_fields__} - {"facets"}
    assert words.ALSO.keys() <= words.CODES.keys()
