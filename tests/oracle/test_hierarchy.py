"""Who is above whom on which day (sections 1 and 4): late moves, the dissolved stood in for, the reform of 2025."""

from __future__ import annotations

from tests.oracle.given import day, given
from tests.oracle.hierarchy import LAST_KNOWN
from tests.oracle.oracle import Oracle
from tests.oracle.telling import ROOT, Said, dissolved, founded, moved, releveled, renamed, retracted, root

TREE = (
    root(),
    founded("bac-ninh", ROOT, "2000-01-01", "province"),
    founded("bac-giang", ROOT, "2000-01-01", "province"),
    founded("gia-binh", "bac-ninh", "2000-01-01"),
    founded("nhan-thang", "gia-binh", "2000-01-01", "grassroots"),
)


def parents(oracle: Oracle, unit: str, *days: str) -> list[str | None]:
    return [oracle.parent(unit, day(text)) for text in days]


def test_a_unit_has_no_parent_before_its_foundation() -> None:
    assert parents(given(*TREE), "gia-binh", "1999-12-31", "2000-01-01", "2030-01-01") == [None, "bac-ninh", "bac-ninh"]
    assert given(*TREE).ancestors("nhan-thang", LAST_KNOWN) == [ROOT, "bac-ninh", "gia-binh"]


def test_a_move_holds_from_its_day_on_whenever_it_is_told() -> None:
    late, early = moved("gia-binh", "bac-giang", "2022-01-01", "a"), moved("gia-binh", ROOT, "2021-01-01", "b")
    days = ("2020-12-31", "2021-01-01", "2021-12-31", "2022-01-01")
    for told in ((late, early), (early, late)):
        assert parents(given(*TREE, *told), "gia-binh", *days) == ["bac-ninh", ROOT, ROOT, "bac-giang"]


def test_of_two_moves_on_one_day_the_later_in_the_stream_holds() -> None:
    one, two = moved("gia-binh", ROOT, "2021-01-01", "a"), moved("gia-binh", "bac-giang", "2021-01-01", "b")
    assert parents(given(*TREE, one, two), "gia-binh", "2021-01-01") == ["bac-giang"]
    assert parents(given(*TREE, two, one), "gia-binh", "2021-01-01") == [ROOT]
    assert parents(given(*TREE, one, two, retracted(ROOT, "r", "b")), "gia-binh", "2021-01-01") == [ROOT]


def test_the_later_in_the_stream_holds_whenever_it_was_let_go() -> None:
    log = (moved("gia-binh", "ban", "2021-01-01", "a"), moved("gia-binh", ROOT, "2021-01-01", "b"))
    oracle = given(*TREE, *log, founded("ban", ROOT, "2020-01-01"))
    assert oracle.outcome(6) == ("applied", None)
    assert parents(oracle, "gia-binh", "2021-01-01") == [ROOT]


def test_a_dissolved_unit_is_under_its_successor_or_else_its_last_parent() -> None:
    with_one = given(*TREE, dissolved("nhan-thang", "2021-01-01", "bac-giang"))
    assert parents(with_one, "nhan-thang", "2020-12-31", "2021-01-01") == ["gia-binh", "bac-giang"]
    without = given(*TREE, dissolved("nhan-thang", "2021-01-01"))
    assert parents(without, "nhan-thang", "2021-01-01") == ["gia-binh"]


def test_the_dissolved_are_stood_in_for_and_so_on_up() -> None:
    oracle = given(*TREE, dissolved("gia-binh", "2021-01-01"), dissolved("bac-ninh", "2022-01-01", "bac-giang"))
    days = ("2020-12-31", "2021-01-01", "2021-12-31", "2022-01-01")
    assert parents(oracle, "nhan-thang", *days) == ["gia-binh", "bac-ninh", "bac-ninh", "bac-giang"]
    assert parents(oracle, "gia-binh", *days) == ["bac-ninh", "bac-ninh", "bac-ninh", "bac-giang"]


def test_a_successor_that_is_dissolved_later_passes_on() -> None:
    oracle = given(
        *TREE, dissolved("gia-binh", "2021-01-01", "bac-giang"), dissolved("bac-giang", "2022-01-01", "bac-ninh")
    )
    assert parents(oracle, "nhan-thang", "2021-01-01", "2022-01-01") == ["bac-giang", "bac-ninh"]


def test_a_child_that_moves_away_leaves_the_dissolved_behind() -> None:
    log = (dissolved("gia-binh", "2021-01-01"), moved("nhan-thang", "bac-giang", "2021-06-01", "m"))
    assert parents(given(*TREE, *log), "nhan-thang", "2021-05-31", "2021-06-01") == ["bac-ninh", "bac-giang"]


def test_names_and_levels_are_dated() -> None:
    log = (
        renamed("gia-binh", "Gia Bình mới", "2021-01-01", "n"),
        releveled("gia-binh", "grassroots", "2022-01-01", "l"),
    )
    h = given(*TREE, *log).hierarchy()
    assert [h.name("gia-binh", day(d)) for d in ("2020-12-31", "2021-01-01")] == ["Đảng bộ gia-binh", "Gia Bình mới"]
    assert [h.level("gia-binh", day(d)) for d in ("2021-12-31", "2022-01-01")] == ["upper", "grassroots"]


def reform() -> list[Said]:
    """Tell that on 01/07/2025 Bắc Giang goes into Bắc Ninh, and the commune of a district that ends to the province."""
    return [
        dissolved("bac-giang", "2025-07-01", "bac-ninh"),
        dissolved("gia-binh", "2025-07-01"),
        moved("nhan-thang", "bac-ninh", "2025-07-01", "m"),
        releveled("nhan-thang", "upper", "2025-07-01", "l"),
    ]


def test_the_reform_told_in_any_order_gives_the_same_map() -> None:
    log = reform()
    for turn in range(len(log)):
        oracle = given(*TREE, *log[turn:], *log[:turn])
        assert len(oracle.held()) == len(TREE) + len(log)
        assert parents(oracle, "nhan-thang", "2025-06-30", "2025-07-01") == ["gia-binh", "bac-ninh"]
        assert parents(oracle, "bac-giang", "2025-06-30", "2025-07-01") == [ROOT, "bac-ninh"]
