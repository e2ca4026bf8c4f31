"""The rest of the country in small: some provinces, districts and communes by their real names, with invented cells.

Names are those of 2018, when the facts begin; not every commune of a district is here.
"""

from collections.abc import Iterator
from typing import Final

from events.codec import DEFAULT_ROOT
from services.demo.units import NEIGHBOUR, DemoUnit

HORIZON: Final = "2018-01-01"
"""Where the facts begin: communes and cells are older in truth."""

_AGAIN: Final = "1997-01-01"
"""When Bắc Ninh, Bắc Giang and Thái Nguyên were made provinces again."""

PROVINCES: Final = (
    DemoUnit("bac-giang", DEFAULT_ROOT, "Tỉnh ủy Bắc Giang", "province", _AGAIN),
    DemoUnit("thai-nguyen", DEFAULT_ROOT, "Tỉnh ủy Thái Nguyên", "province", _AGAIN),
    DemoUnit("thanh-hoa", DEFAULT_ROOT, "Tỉnh ủy Thanh Hóa", "province", "1930-07-29"),
)

DISTRICTS: Final = (
    DemoUnit("viet-yen", "bac-giang", "Huyện ủy Việt Yên", "upper", _AGAIN),
    DemoUnit("lang-giang", "bac-giang", "Huyện ủy Lạng Giang", "upper", _AGAIN),
    DemoUnit("song-cong", "thai-nguyen", "Thành ủy Sông Công", "upper", _AGAIN),
    DemoUnit("tp-thanh-hoa", "thanh-hoa", "Thành ủy Thanh Hóa", "upper", "1994-05-01"),
)

_COMMUNES: Final = {
    NEIGHBOUR: (
        ("tt-thua", "thị trấn Thứa"),
        ("xa-tan-lang", "xã Tân Lãng"),
        ("xa-lam-thao", "xã Lâm Thao"),
        ("xa-binh-dinh", "xã Bình Định"),
    ),
    "viet-yen": (
        ("bich-dong", "thị trấn Bích Động"),
        ("hong-thai", "xã Hồng Thái"),
        ("nenh", "thị trấn Nếnh"),
        ("tang-tien", "xã Tăng Tiến"),
        ("tu-lan", "xã Tự Lạn"),
        ("viet-tien", "xã Việt Tiến"),
    ),
    "lang-giang": (
        ("tt-voi", "thị trấn Vôi"),
        ("xa-xuong-lam", "xã Xương Lâm"),
        ("tt-kep", "thị trấn Kép"),
        ("xa-huong-son", "xã Hương Sơn"),
    ),
    "song-cong": (
        ("phuong-mo-che", "phường Mỏ Chè"),
        ("phuong-chau-son", "phường Châu Sơn"),
        ("xa-ba-xuyen", "xã Bá Xuyên"),
    ),
    "tp-thanh-hoa": (
        ("phuong-dien-bien", "phường Điện Biên"),
        ("phuong-ba-dinh", "phường Ba Đình"),
        ("phuong-lam-son", "phường Lam Sơn"),
        ("phuong-ham-rong", "phường Hàm Rồng"),
        ("phuong-dong-cuong", "phường Đông Cương"),
    ),
}

_CELLS: Final = ("Đông", "Đoài", "Trường Tiểu học")


def rest_of_the_country() -> Iterator[DemoUnit]:
    """Give every unit outside of Gia Bình's events, each one after its parent."""
    yield from PROVINCES
    yield from DISTRICTS
    for district, communes in _COMMUNES.items():
        yield DemoUnit(office_of(district), district, "Chi bộ Văn phòng cấp ủy", "cell", HORIZON)
        for id_, name in communes:
            yield DemoUnit(id_, district, f"Đảng bộ {name}", "grassroots", HORIZON)
            for number, cell in enumerate(_CELLS, 1):
                yield DemoUnit(f"{id_}-cb-{number:02}", id_, f"Chi bộ {cell} {name}", "cell", HORIZON)


def office_of(district: str) -> str:
    """Name the cell of those who work for the district's committee itself."""
    return f"{district}-cb-van-phong"


def districts_with_offices() -> tuple[str, ...]:
    """Name the districts that have such a cell."""
    return tuple(_COMMUNES)
