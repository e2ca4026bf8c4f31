"""The words of the contract's codes, as Vietnamese reports say them and in English: one table beside the catalogue.

Nothing that decides or counts imports this: a word can be corrected without another fingerprint of the rules. Whatever
the catalogue and the vocabulary have, is here; a test holds it. In English the codes are words, where nothing else is
said.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class MeasureWords(NamedTuple):
    """The words of a measure.

    `column` heads its column, `english` is its name in English, `rate` what is counted, as a rate's name and its reason
    say it. The others are of the sentence: how a count is said (`{}` is the number), that there was none, what a goal
    is (`{}` is how many of whom), and of whom.
    """

    column: str
    english: str
    rate: str
    some: str
    none: str
    goal: str
    noun: str


class StockWords(NamedTuple):
    """The words of a declared figure: `column` heads its column, `noun` is of whom, `said` the same in a sentence."""

    column: str
    noun: str
    said: str


class FieldWords(NamedTuple):
    """The words of a field where people fill it in: `head` heads its column, `meaning` explains what is written there.

    `others` are heads that mean the same. None of them may ever be that of personal data: a card number, a name.
    """

    head: str
    meaning: str
    others: tuple[str, ...] = ()


class RoleWords(NamedTuple):
    """The words of a role: whoever holds it, in Vietnamese and in English."""

    vietnamese: str
    english: str


class RateWords(NamedTuple):
    """The words of a rate: its `name`, which says the denominator, and how a sentence says it.

    `said` of two declared figures has `{part}`, `{whole}` and `{percent}`; of a count it is what that is divided by.
    """

    name: str
    said: str


MEASURES: Final[Mapping[str, MeasureWords]] = {
    "admissions": MeasureWords(
        column="Kết nạp",
        english="admissions",
        rate="số đảng viên mới kết nạp",
        some="kết nạp {} đảng viên mới",
        none="không kết nạp đảng viên mới",
        goal="kết nạp {}",
        noun="đảng viên",
    ),
    "confirmations": MeasureWords(
        column="Chuyển chính thức",
        english="confirmations",
        rate="số đảng viên được công nhận chính thức",
        some="chuyển đảng chính thức cho {} đảng viên dự bị",
        none="không chuyển đảng chính thức cho đảng viên dự bị nào",
        goal="chuyển đảng chính thức cho {}",
        noun="đảng viên dự bị",
    ),
    "badges": MeasureWords(
        column="Huy hiệu Đảng",
        english="badges",
        rate="số đảng viên được trao tặng Huy hiệu Đảng",
        some="trao tặng Huy hiệu Đảng cho {} đảng viên",
        none="không trao tặng Huy hiệu Đảng cho đảng viên nào",
        goal="trao tặng Huy hiệu Đảng cho {}",
        noun="đảng viên",
    ),
    "departures": MeasureWords(
        column="Ra khỏi Đảng",
        english="departures",
        rate="số đảng viên ra khỏi Đảng",
        some="có {} đảng viên ra khỏi Đảng (từ trần, khai trừ, xóa tên, xin ra, không được công nhận chính thức)",
        none="không có đảng viên ra khỏi Đảng (từ trần, khai trừ, xóa tên, xin ra, không được công nhận chính thức)",
        goal="có {} ra khỏi Đảng",
        noun="đảng viên",
    ),
    "transfers_out": MeasureWords(
        column="Chuyển đi",
        english="transfers out",
        rate="số đảng viên chuyển sinh hoạt đi",
        some="có {} đảng viên chuyển sinh hoạt đảng chính thức đi",
        none="không có đảng viên chuyển sinh hoạt đảng chính thức đi",
        goal="có {} chuyển sinh hoạt đảng chính thức đi",
        noun="đảng viên",
    ),
    "transfers_in": MeasureWords(
        column="Chuyển đến",
        english="transfers in",
        rate="số đảng viên chuyển sinh hoạt đến",
        some="tiếp nhận {} đảng viên chuyển sinh hoạt đảng chính thức đến",
        none="không tiếp nhận đảng viên chuyển sinh hoạt đảng chính thức đến",
        goal="tiếp nhận {} chuyển sinh hoạt đảng chính thức đến",
        noun="đảng viên",
    ),
    "introductions": MeasureWords(
        column="Giới thiệu QCƯT",
        english="introductions",
        rate="số quần chúng ưu tú được giới thiệu",
        some="giới thiệu {} quần chúng ưu tú cho Đảng xem xét, kết nạp",
        none="không giới thiệu quần chúng ưu tú cho Đảng xem xét, kết nạp",
        goal="giới thiệu {} cho Đảng xem xét, kết nạp",
        noun="quần chúng ưu tú",
    ),
    "trainings": MeasureWords(
        column="Học lớp nhận thức",
        english="trainings",
        rate="số quần chúng ưu tú học lớp bồi dưỡng nhận thức về Đảng",
        some="có {} quần chúng ưu tú tham gia lớp bồi dưỡng nhận thức về Đảng",
        none="không có quần chúng ưu tú tham gia lớp bồi dưỡng nhận thức về Đảng",
        goal="có {} tham gia lớp bồi dưỡng nhận thức về Đảng",
        noun="quần chúng ưu tú",
    ),
    "restorations": MeasureWords(
        column="Phục hồi đảng tịch",
        english="restorations",
        rate="số đảng viên được phục hồi đảng tịch",
        some="phục hồi đảng tịch cho {} đảng viên",
        none="không phục hồi đảng tịch cho đảng viên nào",
        goal="phục hồi đảng tịch cho {}",
        noun="đảng viên",
    ),
}

STOCKS: Final[Mapping[str, StockWords]] = {
    "members": StockWords("Đảng viên", "đảng viên", "đảng viên"),
    "staff": StockWords(
        "Cán bộ, viên chức, người lao động",
        "cán bộ, công chức, viên chức, người lao động",
        "cán bộ, viên chức, người lao động",
    ),
    "key_posts": StockWords(
        "Đảng viên giữ vị trí chủ chốt", "đảng viên giữ vị trí chủ chốt", "đảng viên giữ vị trí chủ chốt"
    ),
    "rated_good": StockWords(
        "Hoàn thành tốt nhiệm vụ trở lên",
        "đảng viên hoàn thành tốt nhiệm vụ trở lên",
        "đảng viên hoàn thành tốt nhiệm vụ trở lên",
    ),
    "rated_excellent": StockWords(
        "Hoàn thành xuất sắc nhiệm vụ",
        "đảng viên hoàn thành xuất sắc nhiệm vụ",
        "đảng viên hoàn thành xuất sắc nhiệm vụ",
    ),
    "subordinate_units": StockWords("Tổ chức đảng trực thuộc", "tổ chức đảng trực thuộc", "tổ chức đảng trực thuộc"),
    "economic_targets": StockWords(
        "Chỉ tiêu phát triển kinh tế", "chỉ tiêu phát triển kinh tế", "chỉ tiêu phát triển kinh tế"
    ),
    "economic_targets_met": StockWords(
        "Chỉ tiêu kinh tế hoàn thành",
        "chỉ tiêu phát triển kinh tế hoàn thành",
        "chỉ tiêu phát triển kinh tế hoàn thành và hoàn thành vượt mức",
    ),
}

RATES_OF_DECLARED: Final[Mapping[str, RateWords]] = {
    "members_of_staff": RateWords(
        "tỷ lệ đảng viên trên tổng số cán bộ, viên chức, người lao động",
        "có {part} đảng viên trên tổng số {whole} cán bộ, viên chức, người lao động, đạt {percent}",
    ),
    "key_posts_of_members": RateWords(
        "tỷ lệ đảng viên giữ vị trí chủ chốt trên tổng số đảng viên",
        "có {part}/{whole} đảng viên giữ vị trí chủ chốt, chiếm {percent}",
    ),
    "rated_good_of_members": RateWords(
        "tỷ lệ đảng viên hoàn thành tốt nhiệm vụ trở lên trên tổng số đảng viên",
        "có {part}/{whole} đảng viên hoàn thành tốt nhiệm vụ trở lên, đạt {percent}",
    ),
    "rated_excellent_of_rated_good": RateWords(
        "tỷ lệ đảng viên hoàn thành xuất sắc nhiệm vụ trên số đảng viên hoàn thành tốt nhiệm vụ trở lên",
        "có {part} đảng viên hoàn thành xuất sắc nhiệm vụ trong số {whole} đảng viên hoàn thành tốt nhiệm vụ trở lên,"
        " chiếm {percent}",
    ),
    "economic_targets_met_of_economic_targets": RateWords(
        "tỷ lệ chỉ tiêu phát triển kinh tế hoàn thành trên tổng số chỉ tiêu",
        "có {part}/{whole} chỉ tiêu phát triển kinh tế hoàn thành và hoàn thành vượt mức, đạt {percent}",
    ),
}
"""Rates of two declared figures."""

RATES_OF_STOCK: Final[Mapping[str, RateWords]] = {
    "admissions_of_stock_at_start_of_year": RateWords(
        "số đảng viên kết nạp từ đầu năm trên tổng số đảng viên đầu năm", "tổng số đảng viên đầu năm"
    ),
    "admissions_of_stock_at_start_of_term": RateWords(
        "số đảng viên kết nạp từ đầu nhiệm kỳ trên tổng số đảng viên đầu nhiệm kỳ", "tổng số đảng viên đầu nhiệm kỳ"
    ),
    "admissions_of_stock_at_end_of_last_year": RateWords(
        "số đảng viên kết nạp từ đầu năm trên tổng số đảng viên cuối năm trước", "tổng số đảng viên cuối năm trước"
    ),
}
"""Rates of admissions and the stock of members."""

OF_TARGET: Final = RateWords("{} so với chỉ tiêu được giao", "chỉ tiêu được giao")
OF_LAST_YEAR: Final = RateWords("{} so với cùng kỳ năm trước", "cùng kỳ năm trước")
"""Rates that each measure has; `{}` is its `rate`."""

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

CODES: Final[Mapping[str, str]] = {
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
"""The codes of all dimensions; those in figures (30, 18-30) are their own words."""

ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "female": ("gái",),
    "male": ("trai",),
    "minority": ("thiểu số", "DTTS"),
    "none": ("không",),
    "some": ("có",),
    "yes": ("x", "v", "✓", "✔", "đúng", "đạt", "true", "1"),
    "no": ("sai", "không đạt", "chưa đạt", "false", "0"),
    "lower_secondary": ("THCS",),
    "upper_secondary": ("THPT",),
    "vocational": ("trung cấp",),
    "official": ("công chức", "cán bộ"),
    "student": ("sinh viên", "học sinh"),
    "retired": ("hưu",),
    "died": ("chết", "qua đời"),
    "struck_off": ("xoá tên", "xóa tên trong danh sách đảng viên"),
    "resigned": ("xin ra khỏi Đảng",),
    "not_confirmed": ("không công nhận chính thức",),
    "unknown": ("chưa rõ",),
}
"""What people write for a code beside its word, where a sheet asks for it."""

UNIT: Final = FieldWords(
    "Đơn vị",
    "Mã đơn vị, hoặc tên nếu không trùng trong phạm vi của mình; chọn trong danh sách",
    ("Mã đơn vị", "Tên đơn vị", "Chi bộ", "Tổ chức đảng", "subject", "publisher"),
)
_MEMBER = FieldWords(
    "Mã đảng viên",
    "Mã do đơn vị tự đặt trong sổ của mình (ví dụ 2023-014): 1–64 ký tự A-Z a-z 0-9 _ -; không phải họ tên, số thẻ",
    ("Mã tham chiếu", "Mã số nội bộ"),
)
_CANDIDATE = FieldWords(
    "Mã quần chúng",
    "Mã do đơn vị tự đặt trong sổ của mình: 1–64 ký tự A-Z a-z 0-9 _ -; không phải họ tên, số giấy tờ",
    ("Mã quần chúng ưu tú", "Mã tham chiếu", "Mã số nội bộ"),
)
_DECIDED = FieldWords("Ngày quyết định", "Ngày ký quyết định", ("Ngày ra quyết định", "Ngày ký quyết định"))

FIELDS: Final[Mapping[str, Mapping[str, FieldWords]]] = {
    "member.admitted": {
        "member": _MEMBER,
        "decided_on": _DECIDED,
        "ceremony_on": FieldWords("Ngày kết nạp", "Ngày làm lễ kết nạp", ("Ngày tổ chức lễ", "Ngày lễ kết nạp")),
        "readmission": FieldWords("Kết nạp lại", "Có nếu là kết nạp lại"),
    },
    "member.confirmed": {
        "member": _MEMBER,
        "decided_on": _DECIDED,
        "effective_on": FieldWords(
            "Ngày chính thức", "Ngày được công nhận là đảng viên chính thức", ("Ngày công nhận chính thức",)
        ),
    },
    "badge.awarded": {
        "member": _MEMBER,
        "grade": FieldWords("Loại huy hiệu", "30, 40, 45, 50 … 90 năm", ("Huy hiệu", "Huy hiệu Đảng", "Số năm")),
        "awarded_on": FieldWords("Ngày trao", "Ngày trao tặng", ("Ngày trao tặng", "Đợt trao")),
        "early": FieldWords("Trao sớm", "Có nếu trao trước hạn"),
        "posthumous": FieldWords("Truy tặng", "Có nếu truy tặng"),
    },
    "member.departed": {
        "member": _MEMBER,
        "reason": FieldWords("Lý do", "Từ trần, khai trừ, xóa tên, xin ra, không được công nhận", ("Lí do",)),
        "on": FieldWords("Ngày ra khỏi Đảng", "Ngày từ trần, hoặc ngày quyết định có hiệu lực", ("Ngày",)),
    },
    "member.transferred": {
        "member": _MEMBER,
        "to": FieldWords(
            "Đơn vị chuyển đến",
            "Mã đơn vị tiếp nhận; tên chỉ dùng được khi đơn vị đó trong phạm vi của mình",
            ("Chuyển đến", "Nơi chuyển đến", "Nơi đến"),
        ),
        "on": FieldWords("Ngày chuyển", "Ngày chuyển sinh hoạt đảng chính thức", ("Ngày chuyển đi", "Ngày")),
        "as": FieldWords("Mã ở đơn vị mới", "Mã mà đơn vị tiếp nhận dùng cho đảng viên này, nếu đã biết"),
    },
    "candidate.introduced": {
        "candidate": _CANDIDATE,
        "on": FieldWords("Ngày giới thiệu", "Ngày giới thiệu quần chúng ưu tú", ("Ngày",)),
    },
    "candidate.trained": {
        "candidate": _CANDIDATE,
        "on": FieldWords("Ngày học xong", "Ngày kết thúc lớp bồi dưỡng", ("Ngày học", "Ngày bế giảng", "Ngày")),
        "passed": FieldWords("Đạt", "Có nếu đạt, không nếu chưa đạt", ("Kết quả",)),
    },
    "member.restored": {
        "member": _MEMBER,
        "on": FieldWords("Ngày phục hồi", "Ngày phục hồi đảng tịch", ("Ngày",)),
    },
}
"""The fields of each fact but its facets: what heads their columns in a sheet."""

FACETS: Final[Mapping[str, FieldWords]] = {
    "sex": FieldWords("Giới tính", "Để trống nếu không rõ"),
    "ethnicity": FieldWords("Dân tộc", "Kinh, hay dân tộc thiểu số; để trống nếu không rõ"),
    "religion": FieldWords("Tôn giáo", "Có hay không tôn giáo; để trống nếu không rõ"),
    "youth_union": FieldWords("Đoàn viên", "Có nếu là đoàn viên; để trống nếu không rõ", ("Đoàn TNCS Hồ Chí Minh",)),
    "age_band": FieldWords("Độ tuổi", "Nhóm tuổi, không phải ngày sinh; để trống nếu không rõ", ("Nhóm tuổi",)),
    "education": FieldWords("Trình độ", "Để trống nếu không rõ", ("Trình độ học vấn", "Trình độ chuyên môn")),
    "occupation": FieldWords("Nghề nghiệp", "Để trống nếu không rõ"),
}
"""The facets that every fact may have: what heads their columns in a sheet."""

TYPES: Final[Mapping[str, str]] = {
    "member.admitted": "Kết nạp đảng viên",
    "member.confirmed": "Công nhận đảng viên chính thức",
    "badge.awarded": "Trao tặng Huy hiệu Đảng",
    "member.departed": "Đảng viên ra khỏi Đảng",
    "member.transferred": "Chuyển sinh hoạt đảng chính thức",
    "candidate.introduced": "Giới thiệu quần chúng ưu tú",
    "candidate.trained": "Học lớp bồi dưỡng nhận thức về Đảng",
    "member.restored": "Phục hồi đảng tịch",
}
"""What each fact is called: the title of its sheet."""

ROLES: Final[Mapping[str, RoleWords]] = {
    "reader": RoleWords("người xem số liệu", "reader"),
    "officer": RoleWords("cán bộ nghiệp vụ", "officer"),
    "clerk": RoleWords("người nhập liệu", "clerk"),
    "signer": RoleWords("người ký", "signer"),
    "keeper": RoleWords("người quản lý quyền", "keeper"),
    "operator": RoleWords("người vận hành", "operator"),
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
