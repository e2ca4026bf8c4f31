"""Pages of documentation: their commands, files and links exist, and what is made from the code is current."""

import re
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from services.settings import VARIABLES
from tests.commands import all_commands
from tests.documented import TOP, blocks, pages, words_of

LONGEST_LINE = 160
PAGES = pages()
LINES = [command for block in blocks() for command in block.commands]


OPTIONS = {
    name: {option for parameter in command.params for option in parameter.opts}
    for name, command in all_commands().items()
}
TARGETS = set(re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(), re.MULTILINE))
_PART = r"(?:events|projections|services|deploy|docs|tests)"


@pytest.mark.parametrize("line", LINES)
def test_a_command_exists(line: str) -> None:
    program, *arguments = words_of(line)
    match Path(program).name:
        case "tonghop":
            name = arguments[0] if arguments[0] in OPTIONS else " ".join(arguments[:2])
            assert name in OPTIONS
            assert {word for word in arguments if word.startswith("--")} <= OPTIONS[name]
        case "make":
            assert arguments[0] in TARGETS
        case "curl" | "cat" | "openssl" | "python":
            pass
        case "export":
            assert arguments[0].partition("=")[0] in VARIABLES
        case _:
            assert (TOP / program).exists()


def test_what_is_made_from_the_code_is_current() -> None:
    """In a process of its own, for the command line chooses its language when it is imported."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.reference", "--check"], cwd=TOP, capture_output=True, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr).decode()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
class TestPage:
    """What holds for each page."""

    def test_its_lines_are_short(self, page: Path) -> None:
        lines = page.read_text(encoding="utf-8").splitlines()
        assert [n for n, line in enumerate(lines, start=1) if len(line) > LONGEST_LINE] == []

    def test_its_links_lead_somewhere(self, page: Path) -> None:
        for target, heading in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text(encoding="utf-8")):
            if "://" in target:
                continue
            named = (page.parent / target).resolve() if target else page
            assert named.exists(), target
            if heading:
                assert heading in headings(named), f"{target}#{heading}"

    def test_the_files_that_it_names_are_there(self, page: Path) -> None:
        if page.name == "CHANGELOG.md":
            pytest.skip("it tells of what was")
        text = page.read_text(encoding="utf-8")
        named = re.findall(rf"`({_PART}/[\w./*-]*)(?:[:#][^`]*)?`", text)
        assert [name for name in named if not any(TOP.glob(name.rstrip("/")))] == []


def headings(page: Path) -> set[str]:
    """Give the names under which a page's headings are reached, as GitHub makes them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        "".join(each for each in text.strip().lower().replace(" ", "-") if each in "-_" or _is_letter(each))
        for text in found
    }


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"


def test_the_classes_that_the_glossary_names_are_there_and_no_two_have_one_name() -> None:
    named = set(re.findall(r"`([A-Z]+[a-z]\w*)`", (TOP / "docs/glossary.md").read_text(encoding="utf-8")))
    modules = [path for part in ("events", "projections", "services") for path in (TOP / part).rglob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in modules]
    classes = [name for text in texts for name in re.findall(r"^class ([A-Z]\w*)", text, re.MULTILINE)]
    aliases = {name for text in texts for name in re.findall(r"^([A-Z]\w*) = ", text, re.MULTILINE)}
    assert named
    assert named <= aliases.union(classes)
    assert [name for name, times in Counter(classes).items() if times > 1] == []


def test_every_command_is_in_the_reference() -> None:
    told = (TOP / "docs/reference/commands.md").read_text(encoding="utf-8")
    assert [name for name in OPTIONS if f"### {name}\n" not in told] == []


def test_every_decision_is_listed_with_its_date_and_status() -> None:
    """One index of all decisions, in which each stands as it says itself."""
    index = (TOP / "docs/decisions/README.md").read_text(encoding="utf-8")
    for record in sorted((TOP / "docs/decisions").glob("0*.md")):
        text = record.read_text(encoding="utf-8")
        said = re.search(r"^Date: (\d{4}-\d{2}-\d{2})\. Status: (.+)\.$", text, re.MULTILINE)
        assert said, record.name
        status = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", said[2])
        row = next(line for line in index.splitlines() if line.startswith(f"| [{record.name[:4]}]({record.name})"))
        assert row.endswith(f"| {said[1]} | {status} |"), record.name
