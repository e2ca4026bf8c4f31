"""A form file of an office that is broken or hostile: it is named with what is wrong, and nothing in it is ever run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.official_forms.reading import LONGEST, MOST, official_forms
from services.settings import Settings, SettingsError

GOOD = """
number = "Biểu 1"
title = "Biểu"
source = "Văn phòng"
since = 2026-01-01
checked = false
department = "BAN"
measured_in = "Người"
by_whom = "Người lập"
columns = ["1", "2", "3", "4"]
lines = [{ text = "Kết nạp", counts = [{ measure = "admissions" }] }]
"""
LINE = 'lines = [{ text = "Kết nạp", counts = [{ measure = "admissions" }] }]'


def counting(what: str) -> str:
    return GOOD.replace(LINE, f'lines = [{{ text = "x", counts = [{{ {what} }}] }}]')


def saying(what: str) -> str:
    return GOOD.replace(LINE, f"lines = [{{ {what} }}]")


BROKEN = {
    "no TOML": ("<?xml version='1.0'?>", "không phải là một biểu mẫu"),
    "a missing field": (GOOD.replace("checked = false", ""), "checked"),
    "an unknown field": (f'{GOOD}\nrun = "import os"', "run"),
    "another type": (GOOD.replace("2026-01-01", '"hôm nay"'), "since"),
    "a measure that is none": (counting('measure = "__import__"'), "lines[0].counts[0].measure"),
    "a field of SQL": (counting('measure = "admissions; DROP TABLE fact"'), "lines[0].counts[0].measure"),
    "a foreign dimension": (
        counting('measure = "admissions", dimension = "grade", codes = ["30"]'),
        "lines[0].counts[0].dimension",
    ),
    "a code that is none": (counting('measure = "badges", dimension = "grade", codes = ["35"]'), "codes"),
    "no codes": (counting('measure = "badges", dimension = "grade"'), "codes"),
    "a code twice": (counting('measure = "badges", dimension = "grade", codes = ["30", "30"]'), "codes"),
    "provinces of admissions": (counting('measure = "admissions", province = "same"'), "province"),
    "times a million": (counting('measure = "admissions", times = 1000000'), "times"),
    "a level that is none": (saying('text = "x", admitted_nobody = "planet"'), "lines[0].admitted_nobody"),
    "two things": (saying('text = "x", members = "opening", not_collected = true'), "lines[0]"),
    "an indent out of the page": (saying('text = "x", indent = 999'), "indent"),
    "a control character": (saying(r'text = "a\u0007b"'), "lines[0].text"),
    "a direction": (saying(r'text = "a\u202eb"'), "lines[0].text"),
    "a long text": (saying(f'text = "{"x" * 301}"'), "text"),
    "an empty text": (saying('text = ""'), "text"),
    "no lines": (GOOD.replace(LINE, "lines = []"), "lines"),
    "five columns": (GOOD.replace('"4"]', '"4", "5"]'), "columns"),
    "many lines": (GOOD.replace(LINE, "lines = [" + '{ text = "x" },' * 301 + "]"), "lines"),
    "deep nesting": (f"{GOOD}\nx = {'[' * 20_000}{']' * 20_000}", "không phải là một biểu mẫu"),
    "a giant": (GOOD + "#" * LONGEST, f"dài hơn {LONGEST}"),
    "a giant number": (GOOD.replace("2026-01-01", "9" * 5_000), "không phải là một biểu mẫu"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_form_is_named_with_what_is_wrong(tmp_path: Path, what: str) -> None:
    text, named = BROKEN[what]
    file = tmp_path / "1.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        official_forms(tmp_path)
    said = str(refused.value)
    assert said.startswith(f"TONGHOP_FORMS: {file}: ")
    assert named in said
    assert len(said) < 1_000


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "1.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"1\.toml"):
        official_forms(tmp_path)


@pytest.mark.parametrize("name", ["..toml", "A.toml", "a b.toml", "x" * 21 + ".toml", "a\nb.toml", "%2e.toml"])
def test_names_that_are_no_ids(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(GOOD, encoding="utf-8")
    with pytest.raises(SettingsError, match="a-z"):
        official_forms(tmp_path)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "1.toml")
    with pytest.raises(SettingsError, match="is no file"):
        official_forms(tmp_path)


def test_a_folder_full_of_forms_is_refused(tmp_path: Path) -> None:
    for number in range(MOST + 1):
        (tmp_path / f"{number}.toml").touch()
    with pytest.raises(SettingsError, match=f"more than {MOST}"):
        official_forms(tmp_path)


def test_a_link_to_a_secret_shows_nothing_of_it(tmp_path: Path) -> None:
    folder, secret = tmp_path / "forms", tmp_path / "secret"
    folder.mkdir()
    secret.write_text("hunter2 = very secret\n")
    (folder / "1.toml").symlink_to(secret)
    with pytest.raises(SettingsError) as refused:
        official_forms(folder)
    assert "very secret" not in str(refused.value)


def test_a_good_one_is_text_alone(tmp_path: Path) -> None:
    hostile = "{{ config }} {% import os %} =cmd|' /C calc'!A0 <script> #import \\\\u0041"
    (tmp_path / "x.toml").write_text(saying(f'text = "{hostile}"'), encoding="utf-8")
    form = official_forms(tmp_path)["x"]
    assert form.template.lines[0].text == hostile.replace("\\\\", "\\")
    assert form.name.own


@pytest.mark.long
def test_the_shipped_command_says_it_and_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "1.toml").write_text(counting('measure = "nobody"'), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", "api"],
        env={**os.environ, "TONGHOP_FORMS": str(tmp_path), "TONGHOP_HTTP": "127.0.0.1:0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "1.toml" in done.stderr
    assert "lines[0].counts[0].measure" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_not_there_is_a_setting_that_can_not_be_used(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TONGHOP_FORMS"):
        Settings.from_environment({"TONGHOP_FORMS": str(tmp_path / "nowhere")})
