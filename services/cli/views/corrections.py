"""Say what became of a retraction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from services.cli.screen import shown
from services.language import either


def retracted(answer: Mapping[str, Any], publisher: str, event_id: str) -> RenderableType:
    """Say whether an event is taken back; what stands in the way is named."""
    (item,) = answer["items"]
    what = shown(f"{publisher} {event_id}")
    at = either(f"vị trí {item.get('position')}", f"position {item.get('position')}")
    if item.get("outcome") == "applied":
        again = item["status"] == "duplicate"
        said = either("đã thu hồi từ trước", "taken back before") if again else either("đã thu hồi", "taken back")
        return Text(f"{what}: {said} ({at}).")
    if item["status"] == "refused" or item.get("reason"):
        why = shown(f"{item['reason']}: {item.get('detail') or ''}")
        return Text(either(f"{what}: KHÔNG thu hồi được, {why}", f"{what}: NOT taken back, {why}"))
    behind = answer["behind"]
    why = shown(behind["detail"]) if behind else either("bộ tổng hợp chưa đọc tới", "it is not read yet")
    return Text(
        either(
            f"{what}: yêu cầu đã ghi vào nhật ký ({at}), chưa có kết quả: {why}.",
            f"{what}: the retraction is in the log ({at}), its outcome is not known yet: {why}.",
        )
    )
