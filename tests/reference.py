"""The lists in docs/reference/ that are made from the code: settings, commands, metrics, alerts, HTTP, licences.

`python -m tests.reference` (`make reference`) writes each list between its two marks and leaves the text around it as
it is; with `--check` it writes nothing, names the pages that are not current, and ends with 1.
"""

import os

os.environ["TONGHOP_LANG"] = "en"  # before anything of the command line is imported: its texts are chosen then

import ast
import datetime as dt
import enum
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from prometheus_client import REGISTRY
from prometheus_client.core import Metric

from projections.answers.access.needs import ROLES, Need
from projections.answers.report.report_answers import PublisherRejects, WorkerState
from projections.store.reading.status import OutcomeTally, WorkerSeen
from services import settings
from services.api import metrics as api_metrics
from services.api.app import create_app
from services.forwarding import metrics as forward_metrics
from services.projector import metrics as projector_metrics
from tests.commands import all_commands
from tests.licences import listed

TOP: Final = Path(__file__).parents[1]
PAGES: Final = TOP / "docs" / "reference"
WIDTH: Final = 120
_MARKED: Final = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def wrapped(text: str, indent: str = "", first: str | None = None) -> str:
    """Lay out a paragraph in lines that are short enough to be read in a terminal."""
    return textwrap.fill(
        " ".join(text.split()),
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def item(text: str) -> str:
    return wrapped(text, "  ", "- ")


def _docstrings(owner: type) -> dict[str, str]:
    """Read the text under each field of a class, which Python itself forgets."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for field, text in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            assert isinstance(text.value, ast.Constant)
            found[field.target.id] = str(text.value.value)
    return found


_OF_NO_FIELD: Final = {
    "database_password_file": (
        "A file with the password of the user that `TONGHOP_DATABASE_URL` names, and nothing else; read at every "
        "connection."
    ),
}
"""What is said of variables that give no setting of their own."""


def settings_list() -> Iterator[str]:
    """List every variable with its default and the docstring of the setting that it gives."""
    said, defaults = _docstrings(settings.Settings), settings.Settings()
    for variable, (field, _) in sorted(settings.VARIABLES.items()):
        value = getattr(defaults, field, None)
        default = "none" if value is None or value == "" else f"`{value}`"
        text = said.get(field) or _OF_NO_FIELD.get(field)
        assert text, f"{variable} has no docstring"
        for other, (named, _) in settings.VARIABLES.items():
            text = text.replace(f"`{named}`", f"`{other}`")
        yield item(f"`{variable}` (default: {default}). {text}")


def commands_list() -> Iterator[str]:
    """List every command as its help shows it."""
    commands = all_commands()
    yield wrapped(", ".join(f"[{name}](#{name.replace(' ', '-')})" for name in sorted(commands)) + ".")
    for name, command in sorted(commands.items()):
        if command.hidden:
            continue
        yield f"\n### {name}\n"
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        options = [each for each in command.params if each.param_type_name == "option"]
        usage = " ".join(
            [f"tonghop {name}", *(_argument(each) for each in arguments), *(["[OPTIONS]"] * bool(options))]
        )
        yield f"`{usage}`\n"
        yield "\n\n".join(wrapped(part) for part in inspect.cleandoc(command.help).split("\n\n"))
        if command.params:
            yield ""
        yield from (item(_parameter(each)) for each in (*arguments, *options))


def _argument(parameter: Any) -> str:
    shown = (parameter.metavar or parameter.name.upper()).strip("{}[]")
    shown += "..." if parameter.nargs == -1 else ""
    return shown if parameter.required else f"[{shown}]"


def _parameter(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        head = f"`{_argument(parameter).strip('[]')}`"
    else:
        names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
        flag = parameter.is_flag
        head = names if flag else f"{names} `{parameter.metavar or _kind(parameter)}`"
    default = parameter.default
    if isinstance(default, enum.Enum):
        default = default.value
    extra = (
        "" if default in (None, False, "") or callable(default) or parameter.required else f" (default: `{default}`)"
    )
    return f"{head}{extra}: {' '.join((parameter.help or '').split())}"


def _kind(parameter: Any) -> str:
    annotation = parameter.type_descriptor.annotation
    if inspect.isclass(annotation) and issubclass(annotation, enum.Enum):
        return "|".join(str(each.value) for each in annotation)
    return "NUMBER" if annotation in {int, float} else "TEXT"


_KINDS: Final = {"counter": "counter", "gauge": "gauge", "histogram": "histogram"}


def _ours(collectors: Iterator[Metric]) -> Iterator[str]:
    for metric in sorted(collectors, key=lambda each: each.name):
        if not metric.name.startswith("tonghop_") or metric.type not in _KINDS:
            continue
        collector = REGISTRY._names_to_collectors.get(metric.name)
        labels = list(getattr(collector, "_labelnames", ())) or sorted(
            {label for sample in metric.samples for label in sample.labels} - {"le"}
        )
        named = f"; labels: {', '.join(f'`{label}`' for label in labels)}" if labels else ""
        total = "_total" if metric.type == "counter" else ""
        yield item(f"`{metric.name}{total}` ({_KINDS[metric.type]}{named}). {metric.documentation}.")


def _standing() -> list[Metric]:
    """Make what the API shows at a scrape when everything is there."""
    now = dt.datetime.now(dt.UTC)
    worker = WorkerSeen(WorkerState("w", "leading", None, now, now, now), 1, now)
    rejecting = PublisherRejects("u1", 1, {"cycle": 1}, 1)
    tally = OutcomeTally("member.admitted", "parked", "unknown_unit", 1)
    return list(api_metrics.StandingCollector(1, 1, [tally], worker, [rejecting], behind=0.0).collect())


_OTHERS: Final = ("tonghop_api_", "tonghop_forward_")


def metrics_list() -> Iterator[str]:
    """List every metric of the project, of the projector first, then of the API, then of a leaf."""
    api = {each.name for each in _standing()}
    registered = [each for each in REGISTRY.collect() if each.name not in api]
    named = [each for family in projector_metrics.NAMED for each in family.collect()]
    for each in named:
        each.samples.clear()
    assert forward_metrics.WAITING, "it is registered"
    for owner, chosen in (
        ("projector", [each for each in registered if not each.name.startswith(_OTHERS)]),
        ("API", [each for each in registered if each.name.startswith("tonghop_api_")] + _standing()),
        ("forward", [each for each in registered if each.name.startswith("tonghop_forward_")]),
    ):
        yield f"**{owner[0].upper()}{owner[1:]}**\n"
        yield from _ours(iter(chosen))
        yield ""


_RULES: Final = {
    "alerts.yml": "Wherever the service runs",
    "slo.yml": "What is promised",
    "cluster.yml": "On more than one machine",
}


def alerts_list() -> Iterator[str]:
    """List every alert once with what it says, where to look first, and its page."""
    for file, title in _RULES.items():
        yield f"**{title}** (`deploy/prometheus/{file}`)\n"
        groups = yaml.safe_load((TOP / "deploy/prometheus" / file).read_text(encoding="utf-8"))["groups"]
        rules: dict[str, list[Any]] = {}
        for rule in (rule for group in groups for rule in group["rules"] if "alert" in rule):
            rules.setdefault(rule["alert"], []).append(rule)
        for name, found in rules.items():
            notes, severities = found[0]["annotations"], ", ".join(rule["labels"]["severity"] for rule in found)
            text = f"{_plain(notes['summary'])}. {_plain(notes['look'])}"
            yield item(f"[`{name}`](../runbooks/{name}.md) ({severities}). {text}")
        yield ""


def _plain(summary: str) -> str:
    """Put names in the place of Prometheus' templates."""
    text = re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: found[1].upper(), summary)
    return re.sub(r"\{\{ \$value[^}]*\}\}", "N", text)


_EVERYWHERE: Final = {"min_position", "wait"}


def http_list() -> Iterator[str]:
    """List every request of the OpenAPI document with its parameters, but for those that all requests take."""
    document = create_app(settings.Settings()).openapi()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield f"### {method.upper()} {path}\n"
            yield wrapped(f"{operation.get('summary', '').rstrip('.')}. {_for_whom(operation['x-needs'])}") + "\n"
            parameters = [each for each in operation.get("parameters", ()) if each.get("in") == "query"]
            names = {each["name"] for each in parameters}
            shown = [item(_query(each)) for each in parameters if each["name"] not in _EVERYWHERE]
            if path.startswith("/v1/"):
                shown += [item(f"It does not take `{name}`.") for name in sorted(_EVERYWHERE - names)]
            if shown:
                yield from (*shown, "")


def _for_whom(need: str) -> str:
    if need == Need.OPEN:
        return "It takes no account."
    roles = " or ".join(f"`{role}`" for role in sorted(ROLES[Need(need)]))
    return f"It takes the role {roles}." if roles else "It takes an account."


def _query(parameter: Mapping[str, Any]) -> str:
    schema = parameter.get("schema", {})
    default = schema.get("default")
    values = schema.get("enum") or schema.get("items", {}).get("enum") or ()
    if isinstance(default, list):
        default = None if default == values else ",".join(default)  # all of them: the description says so
    note = " (required)" if parameter.get("required") else "" if default in {None, ""} else f" (default: `{default}`)"
    listed = f" One of: {', '.join(f'`{value}`' for value in values)}." if values else ""
    return f"`{parameter['name']}`{note}: {parameter.get('description', '').rstrip('.')}.{listed}"


LISTS: Final[Mapping[str, Callable[[], Iterator[str]]]] = {
    "settings": settings_list,
    "commands": commands_list,
    "metrics": metrics_list,
    "alerts": alerts_list,
    "http": http_list,
    "licences": listed,
}


def pages() -> dict[Path, str]:
    """Give each page of docs/reference/ as it should stand."""
    made = {name: "\n".join(lines()).strip("\n") for name, lines in LISTS.items()}
    return {
        page: _MARKED.sub(lambda found: f"{found[1]}{made[found[2]]}\n{found[3]}", page.read_text(encoding="utf-8"))
        for page in sorted(PAGES.glob("*.md"))
    }


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` name those that are not current."""
    old = {page: text for page, text in pages().items() if page.read_text(encoding="utf-8") != text}
    for page, text in old.items():
        if "--check" in arguments:
            print(f"{page.relative_to(TOP)} is not current: make reference")
        else:
            page.write_text(text, encoding="utf-8")
    return 1 if old and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
