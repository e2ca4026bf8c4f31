"""The fingerprint of the rules changes with what is decided and counted, and with nothing that is only said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from projections.store.fingerprint import HOME, covered, fingerprint, rules

CORE = "projections/core"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for package in ("events", "projections"):
        shutil.copytree(HOME / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def edited(home: Path, file: str, old: str, new: str) -> str:
    text = (home / file).read_text()
    assert old in text
    (home / file).write_text(text.replace(old, new, 1))
    return fingerprint(home)


def test_it_is_that_of_the_program_wherever_it_stands(home: Path) -> None:
    assert fingerprint(home) == rules()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (f"{CORE}/depth.py", "levels: int = 64", "levels: int = 65"),
        (f"{CORE}/decision.py", "unit.active(day)", "unit.dissolved(day)"),
        (f"{CORE}/periods.py", "MONTH_BASE = 2", "MONTH_BASE = 3"),
        (f"{CORE}/names.py", ".lower()", ".upper()"),
        ("events/catalogue.py", '"admissions"', '"admission"'),
        ("events/envelope.py", "16", "18"),
        ("events/vocabulary.py", '"female", "male"', '"male", "female"'),
    ],
)
def test_a_rule_that_is_changed_changes_it(home: Path, file: str, old: str, new: str) -> None:
    assert edited(home, file, old, new) != rules()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (f"{CORE}/decision.py", '"""What becomes of an event', '"""What shall become of an event'),
        (f"{CORE}/decision.py", "is not known", "is not known here"),
        (f"{CORE}/state.py", "class Edition(NamedTuple):\n", "class Edition(NamedTuple):\n    # which\n\n"),
        (f"{CORE}/reading_answers.py", "parked: int", "waiting: int"),
        (f"{CORE}/statement_words.py", '"', '"x'),
        (f"{CORE}/suppression.py", "\n\n", "\n\nMORE = 1\n\n"),
        ("events/schemas.py", "\n\n", "\n\nMORE = 1\n\n"),
        ("projections/store/reading/report.py", "\n\n", "\n\nMORE = 1\n\n"),
    ],
)
def test_what_is_only_said_or_answered_changes_nothing(home: Path, file: str, old: str, new: str) -> None:
    assert edited(home, file, old, new) == rules()


def test_a_rule_that_is_moved_into_a_folder_is_covered_there(home: Path) -> None:
    """And nothing else follows from it: the fingerprint is of what the rules say."""
    folder = home / "projections" / "rules" / "deep"
    folder.mkdir(parents=True)
    for package in (folder, folder.parent):
        (package / "__init__.py").write_text("")
    (home / CORE / "decision.py").rename(folder / "decision.py")
    for file in home.glob("projections/**/*.py"):
        file.write_text(
            file.read_text().replace("projections.rules.deciding.decision", "projections.rules.deep.decision")
        )
    assert folder / "decision.py" in covered(home)
    before = fingerprint(home)
    assert edited(home, "projections/rules/deep/decision.py", "unit.active(day)", "unit.dissolved(day)") != before


def test_no_answer_is_covered() -> None:
    names = {file.name for file in covered(HOME)}
    assert {"fold.py", "hierarchy.py", "depth.py", "catalogue.py", "codec.py", "names.py"} <= names
    assert not {name for name in names if name.startswith(("reading", "statement", "silence", "suppression"))}
