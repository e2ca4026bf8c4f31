"""Why a number of plans is missing, in the language of a page; what has words of a unit in it stays as it is."""

from __future__ import annotations

from collections.abc import Callable

from projections.answers.words import plan_words


def reasons(_: Callable[[str], str]) -> dict[str, str]:
    """Return the fixed reasons of `/v1` and how they are said."""
    return {
        plan_words.NO_TARGET: _("chưa được giao chỉ tiêu nào nên không tính tỷ lệ"),
        plan_words.ZERO_TARGET: _("chỉ tiêu bằng 0 nên không tính tỷ lệ"),
        plan_words.ZERO_DENOMINATOR: _("mẫu số bằng 0 nên không tính tỷ lệ"),
        plan_words.SILENT: _(
            "chưa có sự kiện nào được tính và đơn vị chưa khai báo gì về nội dung này trong kỳ nên không kết luận là 0"
        ),
        plan_words.NOBODY_DECLARED: _("đơn vị và các đơn vị trực thuộc chưa khai báo"),
        plan_words.NOT_DECLARED: _("đơn vị chưa khai báo số này"),
        plan_words.NO_PARTS: _("chưa có đơn vị trực thuộc nào khai báo số này cho cùng ngày, cùng kỳ"),
        plan_words.NO_OPENING: _("chưa khai báo số đảng viên của ngày nào đến ngày này"),
        plan_words.NO_TERM: _(
            "không có chỉ tiêu dài hơn một năm nào đang có hiệu lực nên không biết nhiệm kỳ bắt đầu từ ngày nào"
        ),
        plan_words.NOBODY_ALLOCATED: _("chưa giao chỉ tiêu cho đơn vị trực thuộc nào cùng chỉ tiêu, cùng kỳ"),
        plan_words.NO_OWN_TARGET: _("đơn vị không được giao chỉ tiêu này; chỉ các đơn vị trực thuộc được giao"),
    }
