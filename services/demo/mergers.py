"""What became of the communes on 01/07/2025: which new one each is in, or goes on as.

Gia Bình's five are as Resolution 1658/NQ-UBTVQH15 of 16/06/2025 makes them. Elsewhere the new communes are real too,
made of those of their parts that are here.
"""

import datetime as dt
from typing import Final, NamedTuple

from services.demo.country import rest_of_the_country
from services.demo.units import NEIGHBOUR, gia_binh_units

REFORM: Final = dt.date(2025, 7, 1)
"""The day on which the districts and 29 provinces ended."""


class Merger(NamedTuple):
    """A commune from the reform on: `unit` is established with the name, or, where it is one of the parts, goes on."""

    unit: str
    name: str
    parts: tuple[str, ...]


class District(NamedTuple):
    """A district that ends, the province that its communes are under afterwards, and what they become."""

    unit: str
    province: str
    mergers: tuple[Merger, ...]


DISTRICTS: Final = (
    District(
        "gia-binh",
        "bac-ninh",
        (
            Merger("xa-gia-binh-2025", "xã Gia Bình", ("tt-gia-binh", "xa-xuan-lai", "xa-quynh-phu", "xa-dai-bai")),
            Merger("xa-nhan-thang-2025", "xã Nhân Thắng", ("xa-nhan-thang", "xa-thai-bao", "xa-binh-duong")),
            Merger("xa-dai-lai-2025", "xã Đại Lai", ("xa-song-giang", "xa-dai-lai")),
            Merger("xa-cao-duc-2025", "xã Cao Đức", ("xa-van-ninh", "xa-cao-duc")),
            Merger("xa-dong-cuu-2025", "xã Đông Cứu", ("xa-giang-son", "xa-lang-ngam", "xa-dong-cuu")),
        ),
    ),
    District(
        "viet-yen",
        "bac-ninh",
        (
            Merger("phuong-viet-yen-2025", "phường Việt Yên", ("bich-dong", "hong-thai")),
            Merger("nenh", "phường Nếnh", ("nenh", "tang-tien")),
            Merger("tu-lan", "phường Tự Lạn", ("tu-lan", "viet-tien")),
        ),
    ),
    District(
        "lang-giang",
        "bac-ninh",
        (
            Merger("xa-lang-giang-2025", "xã Lạng Giang", ("tt-voi", "xa-xuong-lam")),
            Merger("tt-kep", "xã Kép", ("tt-kep", "xa-huong-son")),
        ),
    ),
    District(
        "song-cong",
        "thai-nguyen",
        (Merger("phuong-ba-xuyen-2025", "phường Bá Xuyên", ("phuong-mo-che", "phuong-chau-son", "xa-ba-xuyen")),),
    ),
    District(
        NEIGHBOUR,
        "bac-ninh",
        (
            Merger("xa-luong-tai-2025", "xã Lương Tài", ("tt-thua", "xa-tan-lang")),
            Merger("xa-lam-thao", "xã Lâm Thao", ("xa-lam-thao", "xa-binh-dinh")),
        ),
    ),
    District(
        "tp-thanh-hoa",
        "thanh-hoa",
        (
            Merger(
                "phuong-hac-thanh-2025", "phường Hạc Thành", ("phuong-dien-bien", "phuong-ba-dinh", "phuong-lam-son")
            ),
            Merger("phuong-ham-rong", "phường Hàm Rồng", ("phuong-ham-rong", "phuong-dong-cuong")),
        ),
    ),
)

BECOMES: Final = {part: merger.unit for district in DISTRICTS for merger in district.mergers for part in merger.parts}
"""The commune that each is in from the reform on; itself, where it goes on."""

_PARENTS: Final = {unit.id: unit.parent for unit in (*gia_binh_units(), *rest_of_the_country())}

MERGED_CELLS: Final = {
    f"{later}-cb-03": f"{first}-cb-03"
    for district in DISTRICTS[1:]
    for first, later, *_ in (merger.parts for merger in district.mergers)
}
"""Of two merged communes the schools' cells become one: the successor of each that ends."""


def cell_on(cell: str, day: dt.date) -> str:
    """Name the cell that speaks for a cell's members on a day."""
    return MERGED_CELLS.get(cell, cell) if day >= REFORM else cell


def office_moves() -> dict[str, str]:
    """Name the commune to which the cell of each district's committee goes: the first of those in its place."""
    return {district.unit: district.mergers[0].unit for district in DISTRICTS}


def above(cell: str, day: dt.date) -> str | None:
    """Name the unit right above a cell on a day: its commune, or the district whose committee it works for."""
    parent = _PARENTS[cell]
    if day < REFORM or parent is None:
        return parent
    return BECOMES.get(parent) or office_moves()[parent]
