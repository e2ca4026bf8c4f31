"""What `make setup` installs is all that is needed and nothing else: it asks no index for what is not pinned."""

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).parents[2]


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
