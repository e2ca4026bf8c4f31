"""Folding names for search."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest

from projections.core.names import fold_name, unseen
from services.api.bodies import INVISIBLE


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Huyện ủy Gia Bình", "huyen uy gia binh"),
        ("ĐẢNG  ỦY\tKhối", "dang uy khoi"),
        ("Chi bộ Đường 9", "chi bo duong 9"),
        ("", ""),
        ("Ðảng ủy ðường", "dang uy duong"),  # U+00D0 and U+00F0, which only look like it
        ("Gia\u200b\u2060Bình\u00ad", "giabinh"),
        ("\u202eChi\u2066 bộ\u3164", "chi bo"),
        ("\u200b \ufeff", ""),
        ("Ｇｉａ Bình", "gia binh"),
    ],
)
def test_a_name_is_found_without_its_diacritics(name: str, folded: str) -> None:
    assert fold_name(name) == folded
    assert fold_name(unicodedata.normalize("NFD", name)) == folded
    assert fold_name(folded) == folded


def test_what_answers_escape_is_what_search_passes_over() -> None:
    shown = re.compile(f"[{INVISIBLE}]")
    for code in range(128, sys.maxunicode + 1):
        letter = chr(code)
        if unicodedata.category(letter) not in {"Co", "Cn", "Cs"}:
            assert bool(shown.match(letter)) is (unseen(letter) or letter in "\u2028\u2029"), hex(code)
