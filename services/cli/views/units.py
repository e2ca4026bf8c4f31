"""Show the units that a search found."""

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType

from services.cli.screen import Column, Sheet, shown
from services.cli.views.shared import paged
from services.cli.words import LEVELS, say
from services.language import either


def units(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out the units found, and say where there are more."""
    sheet = Sheet(either("Mã", "Id"), Column(either("Tên", "Name"), words=True), either("Cấp", "Level"))
    for unit in answer["units"]:
        sheet.add(unit["id"], shown(unit["name"]), say(LEVELS, unit.get("level")))
    return paged(sheet, answer, len(answer["units"]))
