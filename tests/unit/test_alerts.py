"""Each alert asks for what is there, has a test and a page; each page has its parts, and each promise its rules."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.exposition import RULE_FILES, RULES, TARGET, TOP, asked, grouped, known, recorded, rules

PAGES = TOP / "docs" / "runbooks"
ALERTS = [(file, rule) for file, rule in rules() if "alert" in rule]
NAMES = sorted({rule["alert"] for _, rule in ALERTS})
PARTS = ("What it means", "How to see it", "What to do", "How to know that it is over", "Tried")
PROMISES = {"freshness", "availability", "correctness"}
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
PROMTOOL = shutil.which("promtool")
UNITS_ARE_NO_LABELS = {"unit", "member", "subject", "path", "account", "client"}


def named(pair: tuple[str, dict[str, Any]]) -> str:
    return str(pair[1].get("alert") or pair[1]["record"])


@pytest.mark.parametrize(("file", "rule"), list(rules()), ids=[named(pair) for pair in rules()])
def test_a_rule_asks_for_metrics_and_labels_that_exist(file: str, rule: dict[str, Any]) -> None:
    there = known()
    wanted = asked(rule["expr"])
    assert wanted or rule["expr"].startswith("vector(")
    for metric, labels in wanted.items():
        assert metric in there, f"{metric} is nowhere"
        assert labels <= there[metric] | TARGET | ({"slo"} if metric.startswith("tonghop:") else set())
    having = TARGET.union(*(there[metric] for metric in wanted))
    assert grouped(rule["expr"]) <= having | {"of"}
    assert not grouped(rule["expr"]) & UNITS_ARE_NO_LABELS


@pytest.mark.parametrize(("file", "rule"), ALERTS, ids=map(named, ALERTS))
def test_an_alert_says_what_it_is_and_where_its_page_is(file: str, rule: dict[str, Any]) -> None:
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in {"critical", "warning"}
    notes = rule["annotations"]
    assert notes.keys() == {"summary", "look", "runbook_url"}
    assert " / " in notes["summary"], "Vietnamese, then English"
    assert notes["runbook_url"] == f"{{{{ $externalLabels.runbooks }}}}/runbooks/{rule['alert']}.md"
    used = set(re.findall(r"\$labels\.(\w+)", notes["summary"] + notes["look"]))
    having = set().union(*(known()[metric] for metric in asked(rule["expr"]))) | TARGET
    assert used <= having
    tests = (RULES / "tests" / file).read_text(encoding="utf-8")
    assert f'alertname="{rule["alert"]}", alertstate="firing", severity="{rule["labels"]["severity"]}"' in (
        tests + (RULES / "tests" / "slo-slowly.yml").read_text(encoding="utf-8")
    )


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    assert sorted(page.stem for page in PAGES.glob("Tonghop*.md")) == NAMES
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"\((Tonghop\w+)\.md\)", index))) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_its_parts_and_what_was_seen(name: str) -> None:
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    assert tuple(re.findall(r"^## (.*)$", text, re.MULTILINE)) == PARTS
    parts = dict(zip(PARTS, re.split(r"^## .*$", text, flags=re.MULTILINE)[1:], strict=True))
    assert all(len(part.strip()) > 15 for part in parts.values())
    assert re.search(r"^1\. ", parts["What to do"], re.MULTILINE)
    for metric in re.findall(r"\b((?:tonghop|patroni|etcd|node)_\w+)\b", text.partition("## Tried")[0]):
        assert {metric, f"{metric}_bucket"} & known().keys(), f"{metric} is nowhere"
    for command in re.findall(r"`tonghop ([a-z][a-z-]*)", text):
        assert f"### {command}" in (TOP / "docs/reference/commands.md").read_text(encoding="utf-8"), command


def test_each_promise_has_all_windows_and_both_alerts() -> None:
    there = {
        (rule["record"], rule["labels"]["slo"])
        for _, rule in rules()
        if rule.get("record", "").startswith("tonghop:slo_burn")
    }
    assert there == {(f"tonghop:slo_burn:rate{window}", slo) for window in WINDOWS for slo in PROMISES}
    budgets = {rule["alert"]: [] for _, rule in ALERTS if rule["alert"].endswith("Budget")}
    for _, rule in ALERTS:
        if rule["alert"] in budgets:
            budgets[rule["alert"]].append(rule["labels"]["severity"])
    assert len(budgets) == len(PROMISES)
    assert all(found == ["critical", "warning"] for found in budgets.values())
    assert "tonghop:slo_budget_left:ratio" in recorded()


def test_the_configuration_reads_all_rules_and_has_the_jobs_that_they_name() -> None:
    configured = yaml.safe_load((RULES / "prometheus.yml").read_text(encoding="utf-8"))
    assert sorted(configured["rule_files"]) == sorted(RULE_FILES)
    jobs = {job["job_name"] for job in configured["scrape_configs"]}
    text = "".join((RULES / name).read_text(encoding="utf-8") for name in RULE_FILES)
    for chosen in re.findall(r'job="([^"]+)"', text):
        assert chosen in jobs
    assert {job for job in jobs if job.startswith("tonghop-")} == {"tonghop-projector", "tonghop-api", "tonghop-leaf"}
    assert "runbooks" in configured["global"]["external_labels"]


@pytest.mark.long
@pytest.mark.skipif(PROMTOOL is None, reason="promtool is missing here: apt-get install prometheus")
@pytest.mark.parametrize("file", sorted((RULES / "tests").glob("*.yml")), ids=lambda file: file.stem)
def test_each_alert_fires_on_its_fault_and_is_silent_where_all_is_well(file: Path) -> None:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.skipif(PROMTOOL is None, reason="promtool is missing here: apt-get install prometheus")
def test_prometheus_reads_its_configuration() -> None:
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, "check", "config", "--syntax-only", RULES / "prometheus.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
