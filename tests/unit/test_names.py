"""Folding names for search."""

from __future__ import annotations

import unicodedata

import pytest

from projections.rules.hierarchy.folded_names import fold_name


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
        ("Gia\tBình\x01\u2028Lộc", "gia binh loc"),
    ],
)
def test_a_name_is_found_without_its_diacritics(name: str, folded: str) -> None:
    assert fold_name(name) == folded
    assert fold_name(unicodedata.normalize("NFD", name)) == folded
    assert fold_name(folded) == folded
