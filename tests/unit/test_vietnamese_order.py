"""Names sort as a Vietnamese dictionary has them, whatever the machine's locale is."""

from __future__ import annotations

import random

import pytest

from projections.answers.words.vietnamese_order import order_key

ORDERED = (
    ["a", "á", "ă", "â", "b", "c", "d", "đ", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y"],
    ["ma", "mà", "mả", "mã", "má", "mạ", "mă", "mâ"],
    ["Đảng ủy xã Đại Bái", "Đảng ủy xã Đại Lai", "Đảng ủy xã Đông Cứu", "Đảng ủy xã Giang Sơn"],
    ["Chi bộ 4", "Chi bộ 12", "Chi bộ A", "Chi bộ thôn Ấp"],
    ["An", "Ân", "Ba Đình", "Da", "Đa", "Hà Nam", "Hà Nội", "Hải Dương"],
    ["Hoa", "Hòa", "Hoàng"],
    ["hoà", "hòa", "hoá", "hóa", "hoạ"],
    ["Ba Cụm", "Ba Tơ", "Bà Rịa", "Bả", "Bác Ái", "Bạc Liêu", "Bắc Ninh", "Bến Tre"],
)


@pytest.mark.parametrize("names", ORDERED, ids=lambda names: names[0])
def test_names_are_in_the_order_of_the_alphabet(names: list[str]) -> None:
    mixed = random.sample(names, len(names))
    assert sorted(mixed, key=order_key) == names


def test_anything_has_a_place() -> None:
    hostile = [
        "",
        " ",
        "\u0301",
        "\u0000",
        "İstanbul",
        "٣ chi bộ",
        "９",
        "<script>",
        "9" * 5_000,
        "\U0001f9ff",
        "ǅ",
        "_",
    ]
    assert len(sorted(hostile, key=order_key)) == len(hostile)
