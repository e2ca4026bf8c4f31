"""Under which licence each package that is pinned stands, and for what it is installed.

`python -m tests.licences` writes it as JSON, with versions, digests and what needs what: `make sbom` makes a bill of
materials of it.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any, Final, NamedTuple

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.distributions import TOP, Pin, closure, declared, pins

RUNNING: Final = ("client", "service", "tracing", "one machine")
DEVELOPING: Final = "development"


class Package(NamedTuple):
    """One that is pinned. ``licence`` is an expression of SPDX; empty where nobody knows."""

    pin: Pin
    licence: str
    use: str


class RefusedLicenceError(Exception):
    """A package stands under a licence that is not known, or not wanted; the message says what to do."""


@cache
def _rules() -> dict[str, Any]:
    return tomllib.loads((TOP / "tests/licences.toml").read_text())


def licence_of(name: str) -> str:
    """Give the licence of a package, as it says itself or as it was looked up; empty where neither is."""
    said: dict[str, str] = _rules()["said"]
    if name in said:
        return str(canonicalize_license_expression(said[name]))
    try:
        about = distribution(name).metadata
    except PackageNotFoundError:
        return ""
    for field in ("License-Expression", "License"):
        try:
            return str(canonicalize_license_expression(about.get(field) or ""))
        except InvalidLicenseExpression:
            continue
    return ""


def require_wanted(name: str, licence: str, use: str) -> None:
    """Raise RefusedLicenceError where a package may not be installed for that; of several one may be chosen."""
    allowed = {*_rules()["allowed"]["running"]}
    if use == DEVELOPING:
        allowed |= {*_rules()["allowed"]["developing"]}
    if not any({part.strip() for part in choice.split(" AND ")} <= allowed for choice in licence.split(" OR ")):
        raise RefusedLicenceError(
            f"{name} ({use}) stands under {licence or 'no licence in words of SPDX'}: "
            "take another package, or decide and write it into tests/licences.toml"
        )


def packages() -> list[Package]:
    """Give all that is pinned, by name."""
    said = declared()
    developed, run = pins("requirements.txt"), pins("deploy/requirements.txt")
    light, service = closure(said.base), closure([*said.base, *said.service])
    whole = closure([*said.base, *said.service, *said.one_machine])

    def use_of(name: str) -> str:
        if name in light:
            return "client"
        if name in service:
            return "service"
        if name in run:
            return "tracing" if run[name].needed else "service"
        return "one machine" if name in whole else DEVELOPING

    return [Package(pin, licence_of(name), use_of(name)) for name, pin in sorted({**developed, **run}.items())]


def listed(found: Iterable[Package] | None = None) -> Iterator[str]:
    """Write the list of docs/reference/licences.md; raises RefusedLicenceError."""
    for use in (*RUNNING, DEVELOPING):
        yield f"\n**{use}**\n\n| package | version | licence |\n|---|---|---|"
        for package in packages() if found is None else found:
            if package.use == use:
                require_wanted(package.pin.name, package.licence, use)
                yield f"| {package.pin.name} | {package.pin.version} | {package.licence} |"


def bill() -> dict[str, Any]:
    """Give what a container of the service has: what is pinned for it, and what of that needs what."""
    run = pins("deploy/requirements.txt")
    said = declared()
    return {
        "itself": sorted(_names([*said.base, *said.service, *said.tracing]) & run.keys()),
        "packages": [
            {
                "name": pin.name,
                "version": pin.version,
                "licence": licence_of(pin.name),
                "digests": pin.digests,
                "needs": sorted(_names(distribution(pin.name).requires or ()) & run.keys()) if pin.needed else [],
            }
            for pin in run.values()
        ],
    }


def _names(requirements: Iterable[str]) -> set[str]:
    """Name what these need on this machine, without what only an extra needs."""
    read = map(Requirement, requirements)
    return {canonicalize_name(each.name) for each in read if each.marker is None or each.marker.evaluate({"extra": ""})}


if __name__ == "__main__":
    json.dump(bill(), sys.stdout)
