"""The words of the contract's codes on a page: as Vietnamese reports say them; in English the codes are words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from events import words
from projections.answers.words.basis_words import BASES
from projections.answers.words.event_words import EVENT_TYPES
from projections.answers.words.outcome_words import OUTCOMES, REASONS
from services.pages.texts import Language

DOINGS: Final[Mapping[str, str]] = {
    "signed_in": "đăng nhập",
    "signed_out": "đăng xuất",
    "sign_in_refused": "đăng nhập không được",
    "refused": "bị từ chối",
    "account_added": "lập tài khoản",
    "account_disabled": "khóa tài khoản",
    "account_enabled": "mở lại tài khoản",
    "invited": "mời",
    "invitation_used": "dùng thư mời",
    "token_made": "lập token",
    "token_revoked": "xóa token",
    "session_ended": "kết thúc phiên",
    "granted": "cấp quyền",
    "revoked": "thu hồi quyền",
    "events_shown": "xem từng sự kiện",
    "cells_shown": "xem cả ô nhỏ",
    "events_sent": "gửi sự kiện",
    "pruned": "dọn nhật ký cũ",
}
"""What the audit log tells of."""
DETAILS: Final[Mapping[str, str]] = {
    "account": "tài khoản",
    "of": "tài khoản",
    "by": "bằng",
    "role": "vai trò",
    "roles": "vai trò",
    "until": "đến hết ngày",
    "name": "tên",
    "status": "mã trả lời",
    "method": "cách gọi",
    "path": "đường dẫn",
    "why": "vì",
    "signs_in": "đăng nhập bằng",
    "session": "phiên",
    "source": "đơn vị gửi",
    "publisher": "đơn vị gửi",
    "from": "từ ngày",
    "to": "đến ngày",
    "unit": "đơn vị",
    "position": "vị trí",
    "entries": "số dòng",
    "before": "trước",
}
"""What an entry of the audit log says more; what is not here is said by its own name."""
STATES: Final[Mapping[str, str]] = {
    "leading": "đang làm việc",
    "loading": "đang nạp",
    "standby": "sẵn sàng thay",
    "starting": "đang khởi động",
    "waiting": "đang chờ máy chủ",
    "refused": "không nhận chạy",
    "paused": "tạm dừng",
    "catching_up": "đang theo kịp",
    "stopped": "không chạy",
    "connected": "đã kết nối",
    "unreachable": "không kết nối được",
}
"""How the projector and the bus are."""
KINDS: Final[Mapping[str, Mapping[str, str]]] = {
    "doing": DOINGS,
    "detail": DETAILS,
    "state": STATES,
    "level": words.LEVELS,
    "dimension": words.DIMENSIONS,
    "code": words.CODES,
    "outcome": OUTCOMES,
    "reason": REASONS,
    "basis": BASES,
    "fact": EVENT_TYPES,
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


def figure(language: Language, name: str) -> str:
    """Return what is counted or declared under a name: a measure, or a figure of a day."""
    return measure(language, name) if name in words.MEASURES else word(language, "stock", name)
