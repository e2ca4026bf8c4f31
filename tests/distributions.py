"""What `pip install tonghop` brings, and what its extra `service`: by what pyproject.toml declares, not what lies here.

`python -m tests.distributions FOLDER` puts into FOLDER what the first brings, out of this environment: the gate of the
wheel has no index to install it from.
"""

from __future__ import annotations

import shutil
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).parents[1]


def declared() -> tuple[list[str], list[str], list[str]]:
    """Return what is required without an extra, what by `service`, and what by development."""
    said: dict[str, Any] = tomllib.loads((TOP / "pyproject.toml").read_text())
    project = said["project"]
    return project["dependencies"], project["optional-dependencies"]["service"], said["dependency-groups"]["dev"]


def closure(wanted: Iterable[str]) -> set[str]:
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


def of_the_service_alone() -> set[str]:
    """Name the top-level modules that only the extra `service` brings."""
    base, service, _ = declared()
    light, whole = closure(base), closure([*base, *service])
    owners = packages_distributions()
    return {
        module
        for module, names in owners.items()
        if (owned := {canonicalize_name(name) for name in names}) & whole and not owned & light
    }


def put(folder: Path) -> None:
    """Copy what a light install brings into a folder of modules."""
    for name in closure(declared()[0]):
        for file in distribution(name).files or ():
            target = folder / file
            if ".." not in file.parts and "__pycache__" not in file.parts:  # what lies elsewhere are commands
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file.locate(), target)


if __name__ == "__main__":
    put(Path(sys.argv[1]))
