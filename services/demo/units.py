"""The units of Gia Bình: real down to the communes of 2023, with invented cells below."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from events.codec import DEFAULT_ROOT
from services.demo.saying import CloudEvent, structure

DISTRICT: Final = "gia-binh"
NEIGHBOUR: Final = "luong-tai"
"""A district of the same province, there for members to be transferred to."""

HORIZON: Final = "2020-01-01"
"""Where the demonstration begins: communes and cells are older in truth."""


class DemoUnit(NamedTuple):
    """A unit to be established: `parent` is None for the root alone, `level` and `since` as in the contract."""

    id: str
    parent: str | None
    name: str
    level: str
    since: str


def established(unit: DemoUnit) -> CloudEvent:
    """Say that a unit is established, by the one above it, on the first day on which it is one."""
    return structure(
        unit.parent or unit.id,
        f"demo-unit-{unit.id}",
        "unit.established",
        unit.id,
        time=f"{unit.since}T08:00:00+07:00",
        data={"parent": unit.parent, "name": unit.name, "level": unit.level, "since": unit.since},
    )


_ABOVE: Final = (
    DemoUnit(DEFAULT_ROOT, None, "Ban Chấp hành Trung ương Đảng", "central", "1930-02-03"),
    DemoUnit("bac-ninh", DEFAULT_ROOT, "Tỉnh ủy Bắc Ninh", "province", "1997-01-01"),
    DemoUnit(DISTRICT, "bac-ninh", "Huyện ủy Gia Bình", "upper", "1999-09-01"),
    DemoUnit(NEIGHBOUR, "bac-ninh", "Huyện ủy Lương Tài", "upper", "1999-09-01"),
)

_COMMUNES: Final = (
    ("tt-gia-binh", "thị trấn Gia Bình", "khu phố", ("Phú Ninh", "Song Quỳnh", "Đông Bình", "Nội Phú", "Hương Vinh")),
    ("xa-binh-duong", "xã Bình Dương", "thôn", ("Bùng Hạ", "Bùng Thượng", "Gia Phú", "Phương Độ", "Đìa")),
    ("xa-cao-duc", "xã Cao Đức", "thôn", ("Kênh Phố", "Trại Than", "Tiểu Than", "Văn Than", "Mỹ Lộc")),
    ("xa-dai-bai", "xã Đại Bái", "thôn", ("Đại Bái", "Đoan Bái", "Ngọc Xuyên", "Đông Lai")),
    ("xa-dai-lai", "xã Đại Lai", "thôn", ("Đại Lai", "Trung Thành", "Huề Đông", "Ấp Lai", "Phương Triện")),
    ("xa-dong-cuu", "xã Đông Cứu", "thôn", ("Cứu Sơn", "Hiệp Sơn", "Bảo Tháp", "Yên Việt", "Đông Cao")),
    ("xa-giang-son", "xã Giang Sơn", "thôn", ("Du Tràng", "Tiêu Xá", "Hữu Ái", "Giang Đông")),
    ("xa-lang-ngam", "xã Lãng Ngâm", "thôn", ("Ngăm Lương", "Ngăm Mạc", "Ngăm Điền", "Môn Quảng", "Ngô Thôn")),
    ("xa-nhan-thang", "xã Nhân Thắng", "thôn", ("Nhân Hữu", "Cầu Đào", "Hương Triện", "Ngọc Triện", "Khoái Khê")),
    ("xa-quynh-phu", "xã Quỳnh Phú", "thôn", ("Quỳnh Bội", "Phú Dư", "Phú Thọ", "Thủ Pháp", "Lựa")),
    ("xa-song-giang", "xã Song Giang", "thôn", ("Chi Nhị", "Ích Phú", "Từ Ái", "Lập Ái")),
    ("xa-thai-bao", "xã Thái Bảo", "thôn", ("Vạn Ty", "Tân Hương", "Thiên Phúc", "Bảo Ngọc")),
    ("xa-van-ninh", "xã Vạn Ninh", "thôn", ("Thọ Ninh", "Cao Thọ", "Xuân Dương", "Chính Thượng", "Phú Ninh")),
    ("xa-xuan-lai", "xã Xuân Lai", "thôn", ("Xuân Lai", "Định Cương", "Mỹ Thôn", "Phúc Lai", "Ngô Cương", "Định Mỗ")),
)
"""Gia Bình's 14: one town and 13 communes in 2023 (Nhân Thắng became a town only later)."""

_OFFICES: Final = ("Trường Trung học cơ sở", "Trường Tiểu học", "Trạm Y tế")


def gia_binh_units() -> Iterator[DemoUnit]:
    """Give every unit, each one after its parent."""
    yield from _ABOVE
    for id_, name, part, parts in _COMMUNES:
        yield DemoUnit(id_, DISTRICT, f"Đảng bộ {name}", "grassroots", HORIZON)
        cells = [f"Chi bộ {part} {one}" for one in parts] + [f"Chi bộ {office} {name}" for office in _OFFICES]
        for number, cell in enumerate(cells, 1):
            yield DemoUnit(f"{id_}-cb-{number:02}", id_, cell, "cell", HORIZON)
