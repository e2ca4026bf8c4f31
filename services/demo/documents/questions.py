"""How the five documents' figures are asked for on the command line."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

QUESTIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "Chi bộ 4, Bảo hiểm xã hội tỉnh (07/07/2022)": (
            "statement chi-bo-4-bhxh --from 2022-01-01 --to 2022-07-07 --say introductions:goal,members_of_staff",
            "indicators chi-bo-4-bhxh --on 2022-07-07",
        ),
        "Thành phố Thanh Hóa (06/01/2022)": (
            "statement tp-thanh-hoa --from 2021-01-01 --to 2021-12-31 --say admissions:target",
            "indicators tp-thanh-hoa --on 2022-01-06",
            "indicators da-lan --on 2022-01-06",
        ),
        "Ban Tuyên giáo Tỉnh ủy Điện Biên (06/02/2018)": (
            "statement btg-dien-bien --from 2015-01-01 --to 2018-02-06 --say admissions,members_of_staff",
            "indicators btg-dien-bien --on 2018-02-06",
        ),
        "Huyện Gia Bình (28/11/2023)": (
            "statement gia-binh --from 2023-01-01 --to 2023-11-28",
            "indicators gia-binh --on 2023-11-28",
        ),
        "Khối Cơ quan - Doanh nghiệp tỉnh Bến Tre (28/08/2021)": (
            "statement khoi-cqdn-ben-tre --from 2021-01-01 --to 2021-08-28 --say introductions,admissions:goal",
            "indicators khoi-cqdn-ben-tre --on 2021-08-28",
        ),
    }
)
"""By document, in their own order: commands after the program's name."""
