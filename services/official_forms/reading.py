"""The forms read from their files: once, when a process starts; a file that can't be used stops it, and is named."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from projections.answers.forms.form_answers import FormName
from projections.answers.forms.template import FormTemplate, fault_in
from projections.bilingual import Bilingual
from services.settings import SettingsError

SUFFIX: Final = ".toml"
LONGEST: Final = 100_000
"""Bytes of a file."""
MOST: Final = 100
"""Files of an office."""
_id: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")
_number: Final = re.compile(r"\d+|\D+")


class OfficialForm(NamedTuple):
    """A form, and what it is called."""

    name: FormName
    template: FormTemplate


def official_forms(folder: Path | None) -> dict[str, OfficialForm]:
    """Read all forms, by their ids in the order of their numbers: those in a folder stand in the place of ours.

    The id of a form is the name of its file without `.toml`. Raises SettingsError, which names the file and the field.
    """
    found: dict[str, OfficialForm] = {}
    for file in files("services.official_forms").joinpath("data").iterdir():
        if file.name.endswith(SUFFIX):
            form = file.name.removesuffix(SUFFIX)
            found[form] = _read(form, file.read_bytes(), file.name, own=False)
    if folder is not None:
        for path in _files_of(folder):
            found[path.stem] = _read(path.stem, _bytes_of(path), str(path), own=True)
    return dict(sorted(found.items(), key=lambda each: _in_order(each[0])))


def _files_of(folder: Path) -> list[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
    except OSError as error:
        raise _fault(str(folder), "thư mục không đọc được", "the folder can't be read", error.strerror) from error
    if len(found) > MOST:
        raise _fault(str(folder), f"có hơn {MOST} biểu mẫu", f"more than {MOST} forms", None)
    for path in found:
        if not _id.fullmatch(path.stem):
            raise _fault(
                str(path),
                "tên tệp chỉ gồm 1–20 chữ a-z, số và dấu gạch ngang, rồi “.toml”",
                "a file is named by 1–20 of a-z, 0-9 and hyphens, and “.toml”",
                None,
            )
    return found


def _bytes_of(path: Path) -> bytes:
    try:
        if not path.is_file():  # a pipe would never end
            raise _fault(str(path), "không phải là tệp", "is no file", None)
        with path.open("rb") as opened:
            return opened.read(LONGEST + 1)
    except OSError as error:
        raise _fault(str(path), "không đọc được tệp", "the file can't be read", error.strerror) from error


def _read(form: str, text: bytes, path: str, *, own: bool) -> OfficialForm:
    if len(text) > LONGEST:
        raise _fault(path, f"dài hơn {LONGEST} byte", f"longer than {LONGEST} bytes", None)
    try:
        template: FormTemplate = msgspec.toml.decode(text, type=FormTemplate)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise _fault(path, "không phải là một biểu mẫu", "is not a form", str(error)[:300]) from error
    if (fault := fault_in(template)) is not None:
        raise _fault(path, "không dùng được", "can't be used", fault)
    name = FormName(
        form=form,
        number=template.number,
        title=template.title,
        source=template.source,
        since=template.since,
        checked=template.checked,
        own=own,
    )
    return OfficialForm(name, template)


def _fault(path: str, vietnamese: str, english: str, after: str | None) -> SettingsError:
    return SettingsError(
        Bilingual(vietnamese, english, before=f"TONGHOP_FORMS: {path}: ", after="" if after is None else f": {after}")
    )


def _in_order(form: str) -> list[tuple[int, str]]:
    """Sort numbers by their values: 2 before 10-ii."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in _number.findall(form)]
