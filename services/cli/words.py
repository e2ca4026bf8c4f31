"""The users' words for the contract's codes: as their own reports say it; in English the codes are words."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

from projections.answers.words import vietnamese_format
from services.cli.language import language

MEASURES: Final[Mapping[str, str]] = {
    "admissions": "Kết nạp",
    "confirmations": "Chuyển chính thức",
    "badges": "Huy hiệu Đảng",
    "departures": "Ra khỏi Đảng",
    "transfers_out": "Chuyển đi",
    "transfers_in": "Chuyển đến",
    "restorations": "Khôi phục đảng tịch",
    "introductions": "Giới thiệu QCƯT",
    "trainings": "Học lớp nhận thức",
}

FIGURES: Final[Mapping[str, str]] = {
    "members": "Đảng viên",
    "staff": "Cán bộ, viên chức, người lao động",
    "key_posts": "Đảng viên giữ vị trí chủ chốt",
    "rated_good": "Hoàn thành tốt nhiệm vụ trở lên",
    "rated_excellent": "Hoàn thành xuất sắc nhiệm vụ",
    "subordinate_units": "Tổ chức đảng trực thuộc",
    "economic_targets": "Chỉ tiêu phát triển kinh tế",
    "economic_targets_met": "Chỉ tiêu kinh tế hoàn thành",
}

LEVELS: Final[Mapping[str, str]] = {
    "central": "Trung ương",
    "province": "Tỉnh ủy và tương đương",
    "upper": "Cấp trên trực tiếp cơ sở",
    "grassroots": "Tổ chức cơ sở đảng",
    "section": "Đảng bộ bộ phận",
    "cell": "Chi bộ",
    "group": "Tổ đảng",
}

OUTCOMES: Final[Mapping[str, str]] = {
    "counted": "đã tính",
    "applied": "đã áp dụng",
    "duplicate": "trùng, đã có",
    "parked": "đang chờ",
    "rejected": "bị từ chối",
    "retracted": "đã rút lại",
    "refused": "không gửi được",
    "published": "đã gửi",
    "undecided": "chưa có kết quả",
    "waits_paused": "đã gửi, bộ tổng hợp đang tạm dừng",
    "waits_away": "đã gửi, bộ tổng hợp không chạy",
    "unsent": "chưa gửi được",
}

REASONS: Final[Mapping[str, str]] = {
    "unknown_unit": "đơn vị chưa được biết",
    "inactive_unit": "đơn vị không hoạt động vào ngày đó",
    "not_authorised": "không có thẩm quyền",
    "unknown_event": "sự kiện cần rút chưa có",
    "malformed": "không đúng định dạng",
    "unknown_type": "loại sự kiện không có",
    "invalid_field": "trường không hợp lệ",
    "publisher_mismatch": "đơn vị gửi không khớp với source",
    "id_conflict": "trùng id nhưng khác nội dung",
    "cycle": "tạo vòng trong hệ thống tổ chức",
    "too_deep": "quá 64 cấp dưới đơn vị gốc",
    "in_use": "đơn vị đang được dùng",
    "already_done": "đã thực hiện trước đó",
    "unpublishable": "dòng không đọc được",
    "not_permitted": "máy chủ không cho phép",
    "refused_by_bus": "bus từ chối",
    "bus_away": "bus không trả lời",
    "stream_full": "bus đã đầy",
    "interrupted": "đã dừng theo yêu cầu",
}

BASES: Final[Mapping[str, str]] = {
    "as-was": "theo tổ chức tại thời điểm",
    "as-now": "theo tổ chức hiện nay",
}

FACETS: Final[Mapping[str, str]] = {
    "female": "nữ",
    "male": "nam",
    "kinh": "Kinh",
    "minority": "dân tộc thiểu số",
    "none": "không tôn giáo",
    "some": "có tôn giáo",
    "yes": "có",
    "no": "không",
    "over-60": "trên 60",
    "lower_secondary": "trung học cơ sở",
    "upper_secondary": "trung học phổ thông",
    "vocational": "trung cấp, nghề",
    "college": "cao đẳng",
    "bachelor": "đại học",
    "master": "thạc sĩ",
    "doctor": "tiến sĩ",
    "worker": "công nhân",
    "farmer": "nông dân",
    "official": "cán bộ, công chức",
    "public_employee": "viên chức",
    "armed_forces": "lực lượng vũ trang",
    "business": "kinh doanh",
    "student": "học sinh, sinh viên",
    "retired": "hưu trí",
    "other": "khác",
    "died": "từ trần",
    "expelled": "khai trừ",
    "struck_off": "xóa tên",
    "resigned": "xin ra",
    "not_confirmed": "không được công nhận chính thức",
    "unknown": "không rõ",
}

STATES: Final[Mapping[str, str]] = {
    "paused": "tạm dừng",
    "catching_up": "đang theo kịp",
    "stopped": "không chạy",
    "leading": "đang làm việc",
    "connected": "đã kết nối",
    "unreachable": "không kết nối được",
}

DIMENSIONS: Final[Mapping[str, str]] = {
    "sex": "giới tính",
    "ethnicity": "dân tộc",
    "religion": "tôn giáo",
    "youth_union": "đoàn viên",
    "age_band": "độ tuổi",
    "education": "trình độ",
    "occupation": "nghề nghiệp",
    "grade": "loại huy hiệu",
    "reason": "lý do",
    "passed": "đạt",
    "readmission": "kết nạp lại",
    "early": "trao sớm",
    "posthumous": "truy tặng",
}


def say(words: Mapping[str, str], code: str | None) -> str:
    """Give the word for a code with the code beside it: codes are what commands and events take."""
    if code is None:
        return ""
    return f"{words[code]} ({code})" if language() == "vi" and code in words else code


def word(words: Mapping[str, str], code: str) -> str:
    """Give the word for a code alone, for a heading."""
    return words.get(code, code) if language() == "vi" else code.replace("_", " ")


HIDDEN: Final = "…"


def number(value: int | None) -> str:
    """Write a number as reports in the language do, 1.905 or 1,905; a hidden one as HIDDEN."""
    if value is None:
        return HIDDEN
    return vietnamese_format.number(value) if language() == "vi" else f"{value:,}"


def decimal(value: float) -> str:
    """Write a number with at most one place: 84,2 or 84.2, and 128."""
    return vietnamese_format.decimal(value) if language() == "vi" else f"{value:,.1f}".removesuffix(".0")


def day(iso: str) -> str:
    """Write a civil date as Vietnamese reports do, 28/11/2023; in English it stays as it is in data."""
    return "/".join(reversed(iso.split("-"))) if language() == "vi" else iso


def moment(iso: str) -> str:
    """Write a moment in Vietnam's time, whatever the machine's: 16:01:02 28/11/2023."""
    there = dt.datetime.fromisoformat(iso).astimezone(vietnamese_format.VIETNAM)
    return f"{there:%H:%M:%S %d/%m/%Y}" if language() == "vi" else f"{there:%Y-%m-%d %H:%M:%S} +07"


def position(at: int) -> str:
    """Write a position of the log, as a line under an answer says it."""
    return f"Vị trí trong nhật ký {at}" if language() == "vi" else f"Log position {at}"
