"""The bases of a figure in Vietnamese: by which organisation it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

BASES: Final[Mapping[str, str]] = {
    "as-was": "theo tổ chức tại thời điểm",
    "as-now": "theo tổ chức hiện nay",
}
