"""A committee speaks for its organisation; what is none of the known committees keeps its name."""

from __future__ import annotations

import pytest

from projections.answers.words.organisation_names import organisation


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Huyện ủy Gia Bình", "Đảng bộ huyện Gia Bình"),
        ("Huyện uỷ Gia Bình", "Đảng bộ huyện Gia Bình"),
        ("HUYỆN ỦY GIA BÌNH", "Đảng bộ huyện GIA BÌNH"),
        ("Tỉnh ủy Bắc Ninh", "Đảng bộ tỉnh Bắc Ninh"),
        ("Thành ủy Thanh Hóa", "Đảng bộ thành phố Thanh Hóa"),
        ("Thành ủy thành phố Thanh Hóa", "Đảng bộ thành phố Thanh Hóa"),
        ("Thị ủy Từ Sơn", "Đảng bộ thị xã Từ Sơn"),
        ("Thị ủy thị xã Từ Sơn", "Đảng bộ thị xã Từ Sơn"),
        ("Quận ủy Ba Đình", "Đảng bộ quận Ba Đình"),
        ("Đảng ủy xã Đại Lai", "Đảng bộ xã Đại Lai"),
        ("Đảng ủy phường Ba Đình", "Đảng bộ phường Ba Đình"),
        ("Đảng ủy Công ty Cổ phần Dạ Lan", "Đảng bộ Công ty Cổ phần Dạ Lan"),
        (
            "Đảng ủy Khối Cơ quan - Doanh nghiệp tỉnh Bến Tre",
            "Đảng bộ Khối Cơ quan - Doanh nghiệp tỉnh Bến Tre",
        ),
        ("Chi ủy thôn Bùng", "Chi bộ thôn Bùng"),
        ("Ban Chấp hành Trung ương", "toàn Đảng"),
        ("Ban Chấp hành Trung ương Đảng Cộng sản Việt Nam", "toàn Đảng"),
        ("Đảng ủy", "Đảng bộ"),
        ("Chi bộ 4", "Chi bộ 4"),
        ("Đảng bộ xã Đại Bái", "Đảng bộ xã Đại Bái"),
        ("Ban Tuyên giáo Tỉnh ủy Điện Biên", "Ban Tuyên giáo Tỉnh ủy Điện Biên"),
        ("Văn phòng Huyện ủy", "Văn phòng Huyện ủy"),
        ("Tổ đảng  số 1", "Tổ đảng  số 1"),
        ("", ""),
    ],
)
def test_the_organisation_of_a_name(name: str, said: str) -> None:
    assert organisation(name) == said
