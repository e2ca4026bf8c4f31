"""The fingerprint of the rules changes with what is decided and counted, and with nothing that is only said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from projections.store.fingerprint import HOME, fingerprint, rules

RULES, ANSWERS = "projections/rules", "projections/answers"


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
        (f"{RULES}/hierarchy/depth.py", "levels: int = 64", "levels: int = 65"),
        (f"{RULES}/deciding/decision.py", "unit.active(day)", "unit.dissolved(day)"),
        (f"{RULES}/counting/periods.py", "MONTH_BASE = 2", "MONTH_BASE = 3"),
        (f"{RULES}/hierarchy/folded_names.py", ".lower()", ".upper()"),
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
        (f"{RULES}/deciding/decision.py", '"""What an event of any kind may', '"""What an event of any kind must'),
        (f"{RULES}/deciding/decision.py", "is not known", "is not known here"),
        (f"{RULES}/counting/state.py", "class Edition(NamedTuple):\n", "class Edition(NamedTuple):\n    # which\n\n"),
        (f"{ANSWERS}/report/report_answers.py", "parked: int", "waiting: int"),
        (f"{ANSWERS}/words/sentence_words.py", '"', '"x'),
        (f"{ANSWERS}/privacy/suppression.py", "\n\n", "\n\nMORE = 1\n\n"),
        ("events/schemas.py", "\n\n", "\n\nMORE = 1\n\n"),
        ("events/words.py", "Kết nạp", "Kếtnạp"),
        ("projections/store/reading/report.py", "\n\n", "\n\nMORE = 1\n\n"),
    ],
)
def test_what_is_only_said_or_answered_changes_nothing(home: Path, file: str, old: str, new: str) -> None:
    assert edited(home, file, old, new) == rules()


@pytest.mark.parametrize("folder", [RULES, f"{RULES}/deciding/deep/down"])
def test_a_rule_that_is_moved_is_covered_where_it_is(home: Path, folder: str) -> None:
    """And nothing else follows from it: the fingerprint is of what the rules say."""
    moved = f"{folder}/judgement.py"
    (home / moved).parent.mkdir(parents=True, exist_ok=True)
    (home / RULES / "deciding/decision.py").rename(home / moved)
    for file in home.glob("projections/**/*.py"):
        name = moved.removesuffix(".py").replace("/", ".")
        file.write_text(file.read_text().replace("projections.rules.deciding.decision", name))
    assert fingerprint(home) == rules()
    assert edited(home, moved, "unit.active(day)", "unit.dissolved(day)") != rules()


def test_a_rule_that_leaves_the_folder_is_missed(home: Path) -> None:
    """So that it can't go unnoticed: the program has another fingerprint from then on."""
    (home / RULES / "deciding/decision.py").rename(home / ANSWERS / "decision.py")
    assert fingerprint(home) != rules()


def test_a_rule_that_is_added_changes_it(home: Path) -> None:
    (home / RULES / "deciding/another.py").write_text("MORE = 1\n")
    assert fingerprint(home) != rules()
