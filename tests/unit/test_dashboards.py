"""What the dashboards ask exists, and Grafana's files are made of the panels: nobody edits them by hand."""

import json
import re
from typing import Any

import pytest
import yaml

from deploy.grafana.panels import BOARDS, Board
from tests.exposition import TARGET, TOP, asked, grouped, known
from tests.unit.test_alerts import UNITS_ARE_NO_LABELS

FOLDER = TOP / "deploy" / "grafana"
QUERIES = [
    (board.uid, panel, query)
    for board in BOARDS
    for row in board.rows
    for panel in row.panels
    for query in panel.queries
]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_grafanas_file_has_the_panels_and_queries(board: Board) -> None:
    made = json.loads((FOLDER / "dashboards" / f"{board.uid}.json").read_text(encoding="utf-8"))
    assert (made["uid"], made["title"], made["editable"]) == (board.uid, board.title, False)
    assert [variable["name"] for variable in made["templating"]["list"]] == ["datasource"]
    shown: list[dict[str, Any]] = [panel for panel in made["panels"] if panel["type"] != "row"]
    panels = [panel for row in board.rows for panel in row.panels]
    assert [panel["title"] for panel in shown] == [panel.title for panel in panels]
    for panel, given in zip(panels, shown, strict=True):
        assert [(one["expr"], one["legendFormat"]) for one in given["targets"]] == [
            tuple(query) for query in panel.queries
        ]
        assert given["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert [row["title"] for row in made["panels"] if row["type"] == "row"] == [row.title for row in board.rows]
    assert (FOLDER / "pictures" / f"{board.uid}.webp").exists()


def test_a_query_asks_for_metrics_and_labels_that_exist() -> None:
    there = known()
    for uid, panel, query in QUERIES:
        wanted = asked(query.expr)
        assert wanted, (uid, panel.title)
        for metric, labels in wanted.items():
            assert metric in there, (uid, panel.title, metric)
            assert labels <= there[metric] | TARGET | {"slo"}, (uid, panel.title, labels)
        having = TARGET.union({"slo"}, *(there[metric] for metric in wanted))
        used = grouped(query.expr) | set(re.findall(r"\{\{(\w+)\}\}", query.legend))
        assert used <= having, (uid, panel.title, used - having)
        assert not used & UNITS_ARE_NO_LABELS, (uid, panel.title)


def test_each_panel_says_what_it_is_in_both_languages() -> None:
    for _, panel, _ in QUERIES:
        assert " / " in panel.title or ": " in panel.title
        assert panel.says.endswith(".")


def test_grafana_is_told_where_they_are() -> None:
    provisioned = {
        file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in (FOLDER / "provisioning").glob("*.yml")
    }
    assert provisioned["datasource"]["datasources"][0]["type"] == "prometheus"
    assert provisioned["dashboards"]["providers"][0]["options"]["path"]
