"""The house rules that no linter knows: first lines, lengths of files, whose the packages are, what is pinned."""

import ast
import re
import tomllib
from importlib import import_module
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).parents[2]
PACKAGES = ("events", "projections", "services")
MODULES = [
    path.relative_to(TOP).as_posix() for folder in (*PACKAGES, "tests") for path in sorted((TOP / folder).rglob("*.py"))
]
LONGEST = 400


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_its_reason_in_its_first_line_and_is_short(module: str) -> None:
    text = (TOP / module).read_text(encoding="utf-8")
    assert text.startswith('"""')
    said = ast.get_docstring(ast.parse(text))
    assert said
    assert len(text.splitlines()) < LONGEST


def test_the_packages_belong_to_this_distribution_alone() -> None:
    """An editable install lists no packages; `.ci/wheel` asks the same of the installed wheel, which does."""
    owners = packages_distributions()
    assert {owner for package in PACKAGES for owner in owners.get(package, ())} <= {"tonghop"}
    assert {Path(import_module(package).__file__ or "").parents[1] for package in PACKAGES} == {TOP}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_typed(package: str) -> None:
    assert (TOP / package / "py.typed").exists()


def test_what_is_pinned_is_what_is_needed() -> None:
    lines = (TOP / "requirements.txt").read_text().split()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9A-Za-z.]+", line) for line in lines)
    pinned = {canonicalize_name(line.partition("==")[0]) for line in lines}
    groups = tomllib.loads((TOP / "pyproject.toml").read_text())["dependency-groups"]
    assert pinned == _closure(["tonghop", *groups["dev"]]) - {"tonghop"}


def _closure(wanted: list[str]) -> set[str]:
    """Name all that the wanted distributions need, they included."""
    found: set[tuple[str, str]] = set()
    left = [(Requirement(name), "") for name in wanted]
    while left:
        requirement, extra = left.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        for asked in ("", *requirement.extras):
            key = (canonicalize_name(requirement.name), asked)
            if key not in found:
                found.add(key)
                left += [(Requirement(need), asked) for need in distribution(requirement.name).requires or ()]
    return {name for name, _ in found}
