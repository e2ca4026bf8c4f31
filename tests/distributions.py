"""What `pip install tonghop` brings, and what its extras: by what pyproject.toml declares, not what lies here.

`python -m tests.distributions FOLDER` puts into FOLDER what the first brings, out of this environment: the gate of the
wheel has no index to install it from.
"""

from __future__ import annotations

import shutil
import sys
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).parents[1]


class Declared(NamedTuple):
    """What is required without an extra, what by each, and what by development."""

    base: list[str]
    service: list[str]
    one_machine: list[str]
    """Beside what `service` has."""
    tracing: list[str]
    development: list[str]


class Pin(NamedTuple):
    """A version that is pinned, on which machines, and the digests of all its files."""

    name: str
    version: str
    needed: bool
    """Whether it is on this machine."""
    digests: list[str]


def declared() -> Declared:
    """Read pyproject.toml."""
    said: dict[str, Any] = tomllib.loads((TOP / "pyproject.toml").read_text())
    project = said["project"]
    extras = project["optional-dependencies"]
    itself, *servers = extras["one-machine"]
    assert itself == f"{project['name']}[service]"
    return Declared(
        project["dependencies"], extras["service"], servers, extras["tracing"], said["dependency-groups"]["dev"]
    )


def pins(file: str) -> Mapping[str, Pin]:
    """Read what `make lock` has written."""
    found = {}
    for entry in (TOP / file).read_text().replace("\\\n", " ").splitlines():
        wanted, *digests = entry.split(" --hash=")
        requirement = Requirement(wanted)
        (exactly,) = requirement.specifier
        assert exactly.operator == "==", entry
        name = canonicalize_name(requirement.name)
        assert name not in found, f"{name} is pinned twice, for different machines"
        needed = requirement.marker is None or requirement.marker.evaluate()
        found[name] = Pin(name, exactly.version, needed, [digest.strip() for digest in digests])
    return found


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
    """Name the top-level modules that no install without an extra has."""
    said = declared()
    light, whole = closure(said.base), closure([*said.base, *said.service, *said.one_machine])
    owners = packages_distributions()
    return {
        module
        for module, names in owners.items()
        if (owned := {canonicalize_name(name) for name in names}) & whole and not owned & light
    }


def put(folder: Path) -> None:
    """Copy what a light install brings into a folder of modules."""
    for name in closure(declared().base):
        for file in distribution(name).files or ():
            target = folder / file
            if ".." not in file.parts and "__pycache__" not in file.parts:  # what lies elsewhere are commands
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file.locate(), target)


if __name__ == "__main__":
    put(Path(sys.argv[1]))
