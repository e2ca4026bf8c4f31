"""Sheets as clerks make them: any facts of the catalogue, said and laid out in any of the ways that are understood."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import msgspec

from events import codec
from events.catalogue import CATALOGUE
from events.envelope import Event
from services.sheets.columns import SheetColumn, columns_of
from services.sheets.event_ids import numbered, stem_of
from services.sheets.units import NamedUnit, choice
from tests.property.sheet_writing import Grid, Value

TODAY = date(2026, 11, 28)
TIME = datetime(2026, 11, 28, tzinfo=UTC)
UNITS = (
    NamedUnit("xa-dai-bai", "Đảng ủy xã Đại Bái"),
    NamedUnit("cb-1", "Chi bộ thôn Đông"),
    NamedUnit("cb-2", "Chi bộ Trường THCS"),
    NamedUnit("cb-3", "Tổng công ty Điện lực"),
    NamedUnit("cb-4", "Chi bộ 4"),
    NamedUnit("cb-5", "Chi bộ 4"),
)
AMBIGUOUS = {"Chi bộ 4"}


@dataclass
class Mangled:
    """A sheet, and what it says: `events` by the row's number in the sheet, as a spreadsheet counts."""

    type: str
    grid: Grid = field(default_factory=lambda: Grid([]))
    events: dict[int, Event] = field(default_factory=dict)
    columns: dict[int, SheetColumn] = field(default_factory=dict)
    first: int = 0


def sheet_of(random: Random) -> Mangled:
    """Make a sheet of 0 to 6 events of one type."""
    event_type = random.choice([row.type for row in CATALOGUE.values() if row.kind == "fact"])
    columns = columns_of(event_type)
    said = [_values(random, columns.all) for _ in range(random.randint(0, 6))]
    kept = [one for one in columns.all if one.required or any(one.name in row for row in said) or _one_in(random, 2)]
    random.shuffle(kept)
    mangled = Mangled(event_type)
    layout: list[SheetColumn | str | None] = [*kept]
    if _one_in(random, 2):
        layout.insert(0, random.choice(["STT", "TT", "Số TT"]))
    for _ in range(random.randint(0, 2)):
        layout.insert(random.randint(0, len(layout)), None)
    mangled.columns = {at: one for at, one in enumerate(layout) if isinstance(one, SheetColumn)}
    _head(random, mangled, layout)
    for number, values in enumerate(said, start=1):
        if _one_in(random, 4):
            mangled.grid.rows.append([None] * random.randint(0, len(layout)))
        row: list[Value] = [number if isinstance(one, str) else None for one in layout]
        for at, column in mangled.columns.items():
            if column.name in values:
                row[at] = _said(random, column, values[column.name])
        mangled.grid.rows.append(row)
        mangled.events[len(mangled.grid.rows)] = _event(event_type, values)
    _foot(random, mangled, layout)
    mangled.grid.hidden = {at for at in range(len(layout)) if _one_in(random, 5)}
    return mangled


def _head(random: Random, mangled: Mangled, layout: list[SheetColumn | str | None]) -> None:
    rows = mangled.grid.rows
    for title in ("ĐẢNG BỘ XÃ ĐẠI BÁI", "Danh sách 6 tháng đầu năm", None):
        if _one_in(random, 2):
            rows.append([None, title])
    top = len(rows)
    heads: list[Value] = [_head_of(random, one) for one in layout]
    places = [at for at, one in enumerate(layout) if isinstance(one, SheetColumn) and one.facet]
    if places and places == list(range(places[0], places[-1] + 1)) and len(places) > 1 and _one_in(random, 1):
        group: list[Value] = [None if at in places else head for at, head in enumerate(heads)]
        group[places[0]] = "Trong đó"
        rows += [group, [head if at in places else None for at, head in enumerate(heads)]]
        mangled.grid.merged.append((top, places[0], top, places[-1]))
        mangled.grid.merged += [(top, at, top + 1, at) for at, head in enumerate(group) if head and at not in places]
    else:
        rows.append(heads)
    if _one_in(random, 3):
        rows.append([f"({at})" if head else None for at, head in enumerate(heads, start=1)])
    mangled.first = len(rows)


def _foot(random: Random, mangled: Mangled, layout: list[SheetColumn | str | None]) -> None:
    if _one_in(random, 2):
        total: list[Value] = [None] * len(layout)
        places = [at for at, one in enumerate(layout) if isinstance(one, str) or (one and one.name == "unit")]
        total[random.choice(places)] = random.choice(["Tổng cộng", "CỘNG", "Cộng:", "Tổng số", "tong cong"])
        reference = next(at for at, one in mangled.columns.items() if one.kind == "reference")
        total[reference] = len(mangled.events)
        mangled.grid.rows.append(total)
        if _one_in(random, 2):
            unit = next(at for at, one in mangled.columns.items() if one.name == "unit")
            mangled.grid.rows += [[None], [None] * unit + ["Người lập biểu"]]


def _head_of(random: Random, one: SheetColumn | str | None) -> Value:
    if one is None or isinstance(one, str):
        return one
    head = random.choice([one.head, one.head, one.name, f"{one.head} *"])
    if one.kind == "day" and _one_in(random, 3):
        head = f"{one.head} (dd/mm/yyyy)"
    return _spelled(random, head)


def _spelled(random: Random, text: str) -> str:
    how = random.randrange(5)
    if how == 0:
        return text.upper()
    if how == 1:
        return unicodedata.normalize("NFD", text)
    if how == 2:
        plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
        return "".join(letter for letter in plain if not unicodedata.combining(letter))
    return f" {text} " if how == 3 else text


def _values(random: Random, columns: tuple[SheetColumn, ...]) -> dict[str, Any]:
    """Choose what an event says, by the names of the columns, as it is on the wire."""
    values: dict[str, Any] = {}
    for column in columns:
        if not column.required and _one_in(random, 2):
            continue
        if column.kind in {"subject", "unit"}:
            values[column.name] = random.choice(UNITS).id
        elif column.kind == "reference":
            values[column.name] = random.choice(["014", "2023-014", "a", "A_b-9", "7", "x" * 64, "2023"])
        elif column.kind == "day":
            values[column.name] = (date(1998, 1, 1) + timedelta(random.randrange(10_500))).isoformat()
        else:
            values[column.name] = random.choice(column.codes).value
    return values


def _event(event_type: str, values: dict[str, Any]) -> Event:
    row = CATALOGUE[event_type]
    facets = {name: value for name, value in values.items() if columns_of(event_type).named[name].facet}
    data = {name: value for name, value in values.items() if name != "unit" and name not in facets}
    day, reference = date.fromisoformat(values[row.day[0]]), values.get("member") or values["candidate"]
    event_id = numbered(stem_of(event_type, values["unit"], reference, day, values.get("grade")), 1)
    made = msgspec.convert(data | ({"facets": facets} if facets else {}), row.data)
    event = Event(values["unit"], event_id, event_type, values["unit"], TIME, made)
    codec.encode(event)  # raises where the log would refuse it
    return event


def _said(random: Random, column: SheetColumn, value: Any) -> Value:
    """Say a value in one of the ways in which people do."""
    if column.kind in {"subject", "unit"}:
        unit = next(one for one in UNITS if one.id == value)
        ways = [unit.id, unit.id.upper(), choice(unit)]
        return random.choice(ways if unit.name in AMBIGUOUS else [*ways, _spelled(random, unit.name)])
    if column.kind == "reference":
        as_number = value.isdigit() and value[0] != "0" and _one_in(random, 2)
        return int(value) if as_number else value
    if column.kind == "day":
        return _day(random, date.fromisoformat(value))
    code = next(one for one in column.codes if one.value is value or one.value == value)
    if isinstance(value, bool) and _one_in(random, 2):
        return random.choice([value, int(value)])
    if isinstance(value, int) and not isinstance(value, bool):
        return random.choice([value, code.code, f"{value} năm", f"Huy hiệu {value} năm tuổi Đảng"])
    return random.choice([code.code, _spelled(random, code.word), code.word])


def _day(random: Random, day: date) -> Value:
    ways: list[Value] = [
        day,
        f"{day.day}/{day.month}/{day.year}",
        f"{day.day:02}.{day.month:02}.{day.year}",
        f"{day.day} / {day.month} / {day.year}",
        f"'{day.day:02}/{day.month:02}/{day.year}",
        day.isoformat(),
        f"ngày {day.day} tháng {day.month:02} năm {day.year}",
        f"{day.day:02}-{day.month:02}-{day.year % 100:02}",
    ]
    return random.choice(ways)


def _one_in(random: Random, number: int) -> bool:
    return random.randrange(number) == 0
