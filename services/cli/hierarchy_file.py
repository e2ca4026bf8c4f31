"""Read a hierarchy from CSV or JSON lines and find everything that is wrong with it, before any of it is sent."""

import csv
import io
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

from events.identifiers import is_unit_id
from events.names import fault_of
from events.vocabulary import LEVELS
from services.cli.options import iso_day
from services.language import either

FIELDS: Final = ("id", "name", "level", "parent", "since")
DEEPEST: Final = 64
"""Levels below the root (contract §1, `too_deep`)."""

FOUNDING: Final = "1930-02-03"
"""The day from which on a unit is taken to exist where no other is told: no fact of the Party is older."""


class NewUnit(NamedTuple):
    """A unit to be established, from the row of this number; `parent` is None of the root."""

    number: int
    id: str
    name: str
    level: str
    parent: str | None
    since: str


class HierarchyError(Exception):
    """A hierarchy that can't be established; the message names every row that is wrong, as far as there is room."""


_NAMED: Final = 20


def read(text: str, since: str) -> list[NewUnit]:
    """Read rows, JSON lines or CSV (comma, semicolon or tab) with a heading; `since` is for rows that tell no day.

    Raises HierarchyError.
    """
    lines = text.removeprefix("\ufeff")
    found = _json_lines(lines) if lines.lstrip().startswith("{") else _csv(lines)
    faults: list[str] = []
    rows = [row for number, given in found if (row := _row(number, given, since, faults))]
    _raise(faults)
    if not rows:
        raise HierarchyError(either("Tệp không có đơn vị nào.", "There is no unit in the file."))
    return rows


def ordered(rows: Collection[NewUnit], known: Collection[str]) -> list[NewUnit]:
    """Put each unit after the one above it. `known` are units that the service has already.

    Raises HierarchyError where a parent is nobody's, an id is there twice, a parent is established later, units go
    round in a circle, or the hierarchy is too deep.
    """
    by_id: dict[str, NewUnit] = {}
    faults = []
    for row in rows:
        if row.id in by_id:
            faults.append(_fault(row.number, "id", f"{row.id}: {_also(by_id[row.id].number)}"))
        by_id.setdefault(row.id, row)
    roots = [row for row in rows if row.parent is None]
    faults += [
        _fault(row.number, "parent", either("chỉ đơn vị gốc không có cấp trên", "the root alone has none"))
        for row in roots[1:]
    ]
    faults += [_fault(row.number, "parent", why) for row in rows if (why := _fault_of_parent(row, by_id, known))]
    _raise(faults)
    steps: dict[str, int] = {}
    for row in rows:
        _count_steps(row, by_id, steps)
    faults = [
        _fault(
            row.number,
            "parent",
            either(
                f"sâu quá {DEEPEST} bậc, hoặc đi vòng", f"more than {DEEPEST} levels below the root, or in a circle"
            ),
        )
        for row in rows
        if not 0 <= steps[row.id] <= DEEPEST
    ]
    _raise(faults)
    return sorted(rows, key=lambda row: steps[row.id])


def _count_steps(row: NewUnit, by_id: Mapping[str, NewUnit], steps: dict[str, int]) -> None:
    """Count the units above within the file; -1 where they go round."""
    path: list[str] = []
    on_path: set[str] = set()
    at: NewUnit | None = row
    while at is not None and at.id not in steps and at.id not in on_path:
        path.append(at.id)
        on_path.add(at.id)
        at = by_id.get(at.parent) if at.parent is not None else None
    if at is not None and at.id not in steps:
        steps.update(dict.fromkeys(path, -1))
        return
    above = -1 if at is None else steps[at.id]
    for id_ in reversed(path):
        above = above + 1 if at is None or steps[at.id] >= 0 else -1
        steps[id_] = above


def _fault_of_parent(row: NewUnit, by_id: Mapping[str, NewUnit], known: Collection[str]) -> str | None:
    if row.parent is None:
        return None
    above = by_id.get(row.parent)
    if above is None:
        if row.parent in known:
            return None
        return either(f"không có đơn vị {row.parent}", f"there is no unit {row.parent}")
    if above.since > row.since:
        return either(
            f"{above.id} thành lập ngày {above.since}, sau {row.since}",
            f"{above.id} is established on {above.since}, after {row.since}",
        )
    return None


def _csv(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    heading = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in ("id", "name", "level", "parent") if name not in names]
        if missing:
            raise HierarchyError(
                either(
                    f"Dòng đầu phải có tên cột {', '.join(FIELDS)}; thiếu {', '.join(missing)}.",
                    f"The first line must have the columns {', '.join(FIELDS)}; {', '.join(missing)} is missing.",
                )
            )
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, dict(zip(names, cells, strict=False))
    except csv.Error as error:
        raise HierarchyError(either(f"Dòng {reader.line_num}: {error}", f"Line {reader.line_num}: {error}")) from error


def _json_lines(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                given = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise HierarchyError(_fault(number, "JSON", str(error))) from error
            if not isinstance(given, dict):
                raise HierarchyError(_fault(number, "JSON", either("cần một đối tượng", "an object is needed")))
            yield number, given


def _row(number: int, given: Mapping[str, Any], since: str, faults: list[str]) -> NewUnit | None:
    before = len(faults)
    texts = {name: _text(given.get(name)) for name in FIELDS}
    others = (name for name in given.keys() - {*FIELDS} if name.strip() or _text(given[name]))
    faults += [_fault(number, name, either("không có cột này", "there is no such column")) for name in others]
    for name in ("id", "parent"):
        if (texts[name] or name == "id") and not is_unit_id(texts[name]):
            expected = either(
                "cần 1–63 ký tự a-z 0-9 _ -, đầu là chữ hoặc số", "1-63 of a-z 0-9 _ -, first a letter or digit"
            )
            faults.append(_fault(number, name, f"{texts[name]!r}: {expected}"))
    if (why := fault_of(texts["name"])) is not None:
        faults.append(_fault(number, "name", why))
    if texts["level"] not in LEVELS:
        one_of = either("cần một trong", "one of")
        faults.append(_fault(number, "level", f"{texts['level']!r}: {one_of} {', '.join(LEVELS)}"))
    try:
        day = iso_day(texts["since"]) if texts["since"] else since
    except ValueError:
        faults.append(_fault(number, "since", either("cần dd/mm/yyyy hoặc yyyy-mm-dd", "dd/mm/yyyy or yyyy-mm-dd")))
    if len(faults) > before:
        return None
    return NewUnit(number, texts["id"], texts["name"], texts["level"], texts["parent"] or None, day)


def _text(value: object) -> str:
    return "" if value is None else str(value).strip(" ")


def _also(number: int) -> str:
    return either(f"đã có ở dòng {number}", f"is in line {number} already")


def _fault(number: int, field: str, why: str) -> str:
    return either(f"Dòng {number}, {field}: {why}.", f"Line {number}, {field}: {why}.")


def _raise(faults: list[str]) -> None:
    if faults:
        more = len(faults) - _NAMED
        rest = [either(f"… và {more} lỗi khác.", f"… and {more} others.")] if more > 0 else []
        nothing = either("Chưa gửi gì.", "Nothing was sent.")
        raise HierarchyError("\n".join([*faults[:_NAMED], *rest, nothing]))
