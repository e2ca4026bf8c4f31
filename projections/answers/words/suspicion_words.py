"""The words of what is suspicious about a fact, in Vietnamese and in English."""

from __future__ import annotations

import datetime as dt
from typing import Final, NamedTuple

from projections.answers.words.vietnamese_format import day as written
from projections.bilingual import Bilingual


class SuspicionWords(NamedTuple):
    """The words of a kind: its ``title``, and what is said of a fact."""

    title: Bilingual
    said: Bilingual


SUSPICIONS: Final = {
    "admitted_twice": SuspicionWords(
        Bilingual("Kết nạp hai lần", "admitted twice"),
        Bilingual("người này còn một lần kết nạp khác", "another event admits the person too"),
    ),
    "confirmed_twice": SuspicionWords(
        Bilingual("Công nhận chính thức hai lần", "confirmed twice"),
        Bilingual("người này còn một lần công nhận chính thức khác", "another event confirms the person too"),
    ),
    "badge_twice": SuspicionWords(
        Bilingual("Huy hiệu cùng loại hai lần", "the same badge twice"),
        Bilingual("người này còn một lần được trao Huy hiệu cùng loại", "another event awards the same badge too"),
    ),
    "departed_twice": SuspicionWords(
        Bilingual("Ra khỏi Đảng hai lần", "departed twice"),
        Bilingual("người này còn một lần ra khỏi Đảng khác", "by another event the person departed too"),
    ),
    "confirmed_early": SuspicionWords(
        Bilingual("Chính thức khi chưa đủ 12 tháng", "confirmed before the twelfth month"),
        Bilingual("chưa đủ 12 tháng dự bị đã công nhận chính thức", "confirmed before twelve months of probation"),
    ),
    "no_admission": SuspicionWords(
        Bilingual("Không thấy kết nạp", "no admission"),
        Bilingual(
            "không thấy lần kết nạp nào của người này, dù đơn vị đã có sự kiện từ hơn một năm trước",
            "no admission of the person is known, though the unit's facts begin more than a year before",
        ),
    ),
    "badge_lower": SuspicionWords(
        Bilingual("Huy hiệu thấp hơn loại đã có", "a lower badge"),
        Bilingual("người này đã có Huy hiệu loại cao hơn", "the person has a badge of a higher grade already"),
    ),
    "future": SuspicionWords(
        Bilingual("Ngày chưa đến", "a day to come"),
        Bilingual("khi gửi sự kiện, ngày này chưa đến", "the day was still to come when the event was sent"),
    ),
    "old": SuspicionWords(
        Bilingual("Đã quá một năm", "more than a year back"),
        Bilingual("khi gửi sự kiện, ngày này đã qua hơn một năm", "the day was more than a year back when it was sent"),
    ),
}


def told(kind: str, other: dt.date | None) -> str:
    """Say what is suspicious; ``other``: the day of the other event, None where there is none or it is not shown."""
    said = SUSPICIONS[kind].said
    if other is None:
        return str(said)
    return str(
        Bilingual(
            f"{said.in_vietnamese} (sự kiện kia: ngày {written(other)})",
            f"{said.in_english} (the other event: {other.isoformat()})",
        )
    )
