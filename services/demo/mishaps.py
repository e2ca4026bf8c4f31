"""Facts told at the wrong time of the reform: late, too early, or of days after their unit's end."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from services.demo.saying import OLD, YOUNG, CloudEvent, Saying, structure

_SEED: Final = 20250709

_LATE: Final = (
    ("gia-binh", "badge.awarded", "2025-06-10", "2025-07-10"),
    ("bac-giang", "badge.awarded", "2025-05-19", "2025-07-02"),
    ("bac-giang", "member.admitted", "2019-05-02", "2025-07-14"),
    ("tp-thanh-hoa", "member.admitted", "2025-06-30", "2025-08-04"),
    ("viet-yen", "member.departed", "2025-06-12", "2025-07-11"),
    ("xa-dai-bai", "member.admitted", "2025-05-12", "2025-07-22"),
    ("xa-song-giang", "badge.awarded", "2025-05-19", "2025-07-03"),
    ("tt-thua", "member.admitted", "2025-06-30", "2025-07-18"),
    ("hong-thai-cb-03", "member.confirmed", "2025-06-30", "2025-08-20"),
)
"""Subject, type, day, when it was told: by the unit itself, of a day before its end, after that was told."""

KEPT: Final = (
    ("xa-binh-dinh-cb-03", "member.admitted", "2025-07-15", "2025-07-24"),
    ("viet-tien-cb-03", "member.admitted", "2025-07-08", "2025-07-10"),
)
"""Of days after an end that is told only later: they hold, and stay."""

EARLY: Final = (
    ("tt-thua-cb-01", "member.admitted", "2025-07-02", "2025-07-04", "xa-luong-tai-2025"),
    ("xa-song-giang-cb-02", "member.admitted", "2025-07-01", "2025-07-02", "xa-dai-lai-2025"),
    ("phuong-lam-son-cb-02", "member.departed", "2025-07-05", "2025-07-07", "phuong-hac-thanh-2025"),
)
"""Said by the new commune before it is known that it is above the cell: parked until then."""


class _Wrong(NamedTuple):
    subject: str
    type: str
    day: str
    told: str
    right: str | None


_WRONG: Final = (
    _Wrong("xa-nhan-thang", "member.admitted", "2025-07-14", "2025-07-15", "xa-nhan-thang-2025"),
    _Wrong("xa-huong-son", "badge.awarded", "2025-09-02", "2025-09-05", "tt-kep"),
    _Wrong("luong-tai", "member.departed", "2025-08-11", "2025-08-12", "xa-luong-tai-2025"),
    _Wrong("viet-yen", "member.admitted", "2025-07-21", "2025-07-22", None),
    _Wrong("xa-cao-duc", "badge.awarded", "2025-11-07", "2025-11-10", None),
)
"""Of days after the end of the unit: parked. `right` is the unit that says it anew when the mistake is taken back."""

STILL_PARKED: Final = sum(wrong.right is None for wrong in _WRONG)


def mishaps() -> Iterator[CloudEvent]:
    """Give these facts and their corrections, not yet in the order of their times."""
    say = Saying(_SEED, "demo-late")
    for subject, type_, day, told in (*_LATE, *KEPT):
        yield _fact(say, subject, type_, day, told, by=subject)
    for subject, type_, day, told, by in EARLY:
        yield _fact(say, subject, type_, day, told, by=by)
    for wrong in _WRONG:
        fact = _fact(say, wrong.subject, wrong.type, wrong.day, wrong.told, by=wrong.subject)
        yield fact
        if wrong.right is not None:
            yield _taken_back(fact)
            yield fact | {
                "id": f"{fact['id']}-anew",
                "source": f"/units/{wrong.right}",
                "subject": wrong.right,
                "time": _later(fact, 2),
            }


def _fact(say: Saying, subject: str, type_: str, day: str, told: str, *, by: str) -> CloudEvent:
    of_type: Mapping[str, Mapping[str, Any]] = {
        "member.admitted": {"decided_on": day},
        "member.confirmed": {"decided_on": day},
        "badge.awarded": {"grade": 30, "awarded_on": day},
        "member.departed": {"reason": "died", "on": day},
    }
    said = {"member": say.member(), **of_type[type_]}
    facets = say.facets(YOUNG if type_ in {"member.admitted", "member.confirmed"} else OLD)
    fact = say.fact(type_, subject, dt.date.fromisoformat(day), said, facets=facets, by=(by,))
    return fact | {"time": f"{told}T17:00:00+07:00"}


def _taken_back(fact: CloudEvent) -> CloudEvent:
    publisher = fact["source"].removeprefix("/units/")
    data = {"source": fact["source"], "id": fact["id"], "reason": "đơn vị đã kết thúc hoạt động"}
    return structure(publisher, f"{fact['id']}-back", "event.retracted", publisher, time=_later(fact, 1), data=data)


def _later(fact: CloudEvent, hours: int) -> str:
    return (dt.datetime.fromisoformat(fact["time"]) + dt.timedelta(hours=hours)).isoformat()
