"""Hold the Compose files, each as it is used, to Compose's specification. Exit code 1 and why where one breaks it."""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from compose_spec import PyCompose

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
USED: Final = (
    ["docker-compose.yml"],
    *(["docker-compose.yml", f"docker-compose.{more}.yml"] for more in ("tls", "signed")),
)


def merged(below: Any, above: Any) -> Any:
    """Put one file over another, as Compose does."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {
            name: merged(below[name], above[name]) if name in below and name in above else {**below, **above}[name]
            for name in {**below, **above}
        }
    if isinstance(below, list) and isinstance(above, list) and all(isinstance(each, str) for each in [*below, *above]):
        return list(dict.fromkeys([*below, *above]))
    return above


def _set(variable: re.Match[str]) -> str:
    name = variable[1].lower()
    return f"/{name}" if name.endswith(("folder", "keys")) else name


def together(files: Sequence[str]) -> dict[str, Any]:
    """Read files as they are used together, every variable set."""
    found: Any = {}
    for file in files:
        text = re.sub(r"\$\{(\w+):\?[^}]*\}", _set, (DEPLOY / file).read_text())
        found = merged(found, yaml.safe_load(text))
    commands = {name: each["command"] for name, each in found["services"].items() if "command" in each}
    last = yaml.safe_load((DEPLOY / files[-1]).read_text())["services"]
    for name in commands.keys() & last.keys():  # a command takes the place of one, and is not added to it
        found["services"][name]["command"] = last[name].get("command", commands[name])
    return dict(found)


for files in USED:
    try:
        PyCompose.from_json(json.dumps(together(files))).validate()
    except Exception as error:  # noqa: BLE001 - whatever the library raises is what is wrong with a file
        sys.exit(f"{' + '.join(files)}: {error}")
sys.stdout.write(f"Compose: {len(USED)} ways to use it keep to the specification\n")
