"""`python -m deploy.grafana.make [--check]`: write Grafana's files out of `panels.py`, by Grafana's own library."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models

from deploy.grafana.panels import BARS, BOARDS, LINES, LIST, STAT, STATES, Board, Panel

FOLDER: Final = Path(__file__).parent / "dashboards"
SOURCE: Final = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
HEIGHT: Final = 8
_STEPS: Final = models.ThresholdsMode.ABSOLUTE


def made(board: Board) -> str:
    """Give a dashboard as Grafana reads it."""
    builder = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.says)
        .tags(["tonghop"])
        .readonly()
        .refresh("30s")
        .time("now-3h", "now")
        .timezone("browser")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .annotation(
            dashboard.AnnotationQuery()
            .name("Cảnh báo / Alerts")
            .datasource(SOURCE)
            .expr('ALERTS{alertstate="firing", severity="critical"}')
            .enable(True)
            .icon_color("red")
        )
    )
    for row in board.rows:
        builder = builder.with_row(dashboard.Row(row.title))
        for panel in row.panels:
            builder = builder.with_panel(_panel(panel))
    return JSONEncoder(sort_keys=True, indent=1, ensure_ascii=False).encode(builder.build()) + "\n"


def _panel(panel: Panel) -> Any:
    kinds = {
        STAT: stat.Panel,
        LINES: timeseries.Panel,
        BARS: timeseries.Panel,
        STATES: statetimeline.Panel,
        LIST: bargauge.Panel,
    }
    builder = kinds[panel.kind]().title(panel.title).description(panel.says).datasource(SOURCE)
    builder = builder.height(HEIGHT).span(panel.width).unit(panel.unit).thresholds(_thresholds(panel))
    for number, query in enumerate(panel.queries):
        target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(chr(ord("A") + number))
        builder = builder.with_target(target.instant() if panel.kind in {STAT, LIST} else target.range())
    if panel.words:
        values = {
            value: models.ValueMappingResult(text=text, color=colour, index=number)
            for number, (value, text, colour) in enumerate(panel.words)
        }
        builder = builder.mappings([models.ValueMap(options=values)])
    if panel.kind in {LINES, BARS}:
        builder = (
            builder.min(0).line_width(1.5 if panel.kind == LINES else 0).fill_opacity(0 if panel.kind == LINES else 70)
        )
        builder = builder.show_points(common_models.VisibilityMode.NEVER).tooltip(
            common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI)
        )
        builder = builder.legend(
            common.VizLegendOptions()
            .display_mode(common_models.LegendDisplayMode.LIST)
            .placement(common_models.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        if panel.bad is not None:
            style = common.GraphThresholdsStyleConfig().mode(common_models.GraphTresholdsStyleMode.DASHED)
            builder = builder.thresholds_style(style)
        if panel.kind == BARS:
            builder = builder.stacking(common.StackingConfig().mode(common_models.StackingMode.NORMAL))
    if panel.kind in {STAT, LIST}:
        builder = builder.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    if panel.kind == STAT:
        builder = builder.color_mode(common_models.BigValueColorMode.BACKGROUND)
    if panel.kind == LIST:
        builder = builder.orientation(common_models.VizOrientation.HORIZONTAL).min(0).no_value("không có / none")
    return builder


def _thresholds(panel: Panel) -> Any:
    steps = [models.Threshold(value=None, color="red" if panel.good_above else "green")]
    if panel.good_above:
        if panel.bad is not None:
            steps.append(models.Threshold(value=panel.bad, color="orange"))
        if panel.warn is not None:
            steps.append(models.Threshold(value=panel.warn, color="green"))
    else:
        steps += [
            models.Threshold(value=value, color=colour)
            for value, colour in ((panel.warn, "orange"), (panel.bad, "red"))
            if value is not None
        ]
    return dashboard.ThresholdsConfig().mode(_STEPS).steps(steps)


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` name those that are not current."""
    old = []
    for board in BOARDS:
        file, text = FOLDER / f"{board.uid}.json", made(board)
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        old.append(file.name)
        if "--check" not in arguments:
            FOLDER.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
    if old and "--check" in arguments:
        sys.stderr.write(f"not current: {', '.join(old)}: python -m deploy.grafana.make\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
