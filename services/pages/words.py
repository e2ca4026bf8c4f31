"""The words of the contract's codes on a page: as Vietnamese reports say them; in English the codes are words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from events import words
from projections.answers.words.outcome_words import OUTCOMES, REASONS
from services.pages.texts import Language

BASES: Final[Mapping[str, str]] = {"as-was": "theo tổ chức tại thời điểm", "as-now": "theo tổ chức hiện nay"}
OTHER_TYPES: Final[Mapping[str, str]] = {
    "unit.established": "Thành lập đơn vị",
    "unit.renamed": "Đổi tên đơn vị",
    "unit.releveled": "Đổi cấp đơn vị",
    "unit.moved": "Chuyển đơn vị về cấp trên khác",
    "unit.dissolved": "Đơn vị kết thúc hoạt động",
    "target.assigned": "Giao chỉ tiêu",
    "figure.declared": "Khai báo số liệu",
    "access.granted": "Cấp quyền truy cập",
    "access.revoked": "Thu hồi quyền truy cập",
    "event.retracted": "Rút lại sự kiện",
}
"""What the events are called that are no facts."""
KINDS: Final[Mapping[str, Mapping[str, str]]] = {
    "level": words.LEVELS,
    "dimension": words.DIMENSIONS,
    "code": words.CODES,
    "outcome": OUTCOMES,
    "reason": REASONS,
    "basis": BASES,
    "fact": {**words.TYPES, **OTHER_TYPES},
    "role": {name: each.vietnamese for name, each in words.ROLES.items()},
    "stock": {name: each.column for name, each in words.STOCKS.items()},
}


def word(language: Language, kind: str, code: str) -> str:
    """Return the word for a code of a kind, one of KINDS; an unknown code is itself."""
    if language == "vi":
        return KINDS[kind].get(code, code)
    return code.replace("_", " ").replace("-", " ").replace(".", " ")


def measure(language: Language, name: str) -> str:
    """Return what a measure is called at the head of its column."""
    found = words.MEASURES.get(name)
    if found is None:
        return name
    return found.column if language == "vi" else found.english
