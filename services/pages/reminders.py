"""The text by which a unit reminds those below it that have not reported: in Vietnamese, whoever copies it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from projections.answers.words.vietnamese_format import day, days
from services.pages.periods import Period
from services.pages.shown import moment

ZERO: Final = "Nếu trong kỳ không có phát sinh, đề nghị khai báo “không phát sinh”: không báo không có nghĩa là bằng 0."


def late(due: dt.date) -> str:
    """Say until when, and that what comes later is taken all the same."""
    return f"Hạn {day(due)}. Sau hạn vẫn nhận, ghi là muộn."


def reminder(
    sender: str, silent: Sequence[str], period: Period, as_of: dt.datetime | None, due: dt.date | None
) -> str | None:
    """Write it to units by their names in the order given, None where there is none.

    ``as_of`` is when nothing was known of them.
    """
    if not silent:
        return None
    of = f"ngày {day(period.first)}" if period.first == period.last else days(*period)
    until = "Đến nay" if as_of is None else f"Đến {moment(as_of)}"
    if len(silent) == 1:
        opening = f"Kính gửi: {silent[0]}"
        said = f"{until}, {sender} chưa nhận được số liệu nào của đơn vị {of}. Đề nghị đơn vị báo cáo."
        names = []
    else:
        opening = "Kính gửi các đơn vị có tên dưới đây"
        said = (
            f"{until}, {sender} chưa nhận được số liệu nào {of} của {len(silent)} đơn vị. Đề nghị các đơn vị báo cáo."
        )
        names = ["", *(f"{number}. {each}" for number, each in enumerate(silent, start=1))]
    return "\n".join([opening, "", said, ZERO, *([] if due is None else [late(due)]), *names])
