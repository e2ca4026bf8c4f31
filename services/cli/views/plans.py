"""Show in the terminal how far targets are reached, what is declared beside what is counted, and rates."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from events.catalogue import STOCK_FLOWS
from projections.answers.words.basis_words import BASES
from services.cli.screen import Column, Sheet, named, shown
from services.cli.views.reports import heading_of
from services.cli.views.shared import behind
from services.cli.words import FIGURES, MEASURES, day, days, decimal, number, position, say, word
from services.language import either

_MISSING = "…"


def indicators(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out targets, declared figures, the stock of members and rates, each with why a number is missing."""
    return Group(
        *_above(answer),
        _heading("Chỉ tiêu", "Targets"),
        _targets(answer["targets"]) if answer["targets"] else Text(f"  {answer['targets_reason']}", style="dim"),
        _heading("Số khai báo", "Declared figures"),
        _figures(answer["figures"]),
        _heading("Số đảng viên", "Members"),
        *_stock(answer["stock"]),
        _heading("Tỷ lệ", "Rates"),
        _rates(answer["rates"]),
        Text(),
        *behind(answer),
        Text(position(answer["position"]), style="dim"),
    )


def targets(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out each target with those of the children, and say whether they add up."""
    parts: list[RenderableType] = [*_above(answer)]
    for each in answer["targets"]:
        what = f"\n{word(MEASURES, each['measure'])}, {days(each)}"
        sheet = Sheet(
            Column(either("Đơn vị", "Unit"), words=True),
            Column(either("Chỉ tiêu", "Target"), "right"),
            Column(either("Đã đạt", "So far"), "right"),
            Column(either("Đạt", "Attained"), "right"),
        )
        sheet.add(shown(answer["unit"]["name"]), *_reached(each), style="bold")
        for row in (row for row in each["rows"] if row["at_least"] is not None):
            sheet.add(named(row["unit"]), *_reached(row))
        parts += [Text(what, style="bold"), sheet, Text(_adding_up(each), style="dim")]
    if answer["reason"]:
        parts.append(Text(f"\n{answer['reason']}", style="dim"))
    return Group(*parts, *behind(answer))


def _heading(vietnamese: str, english: str) -> Text:
    return Text("\n" + either(vietnamese, english), style="bold")


def _above(answer: Mapping[str, Any]) -> Iterator[Text]:
    yield heading_of(answer["unit"])
    yield Text(either("Đến ngày ", "Up to ") + f"{day(answer['on'])}, {say(BASES, answer['basis'])}")


def _targets(found: list[dict[str, Any]]) -> Sheet:
    sheet = Sheet(
        Column(either("Nội dung", "Measure")),
        Column(either("Kỳ", "Period")),
        Column(either("Giao", "Target"), "right"),
        Column(either("Đã đạt", "So far"), "right"),
        Column(either("Đạt", "Attained"), "right"),
        Column(either("Còn", "Left"), "right"),
        Column(either("Còn ngày", "Days left"), "right"),
        Column(either("Cần mỗi 30 ngày", "Needed in 30 days"), "right"),
    )
    for each in found:
        sheet.add(
            word(MEASURES, each["measure"]),
            days(each),
            *_reached(each),
            _ends(each["remaining"]),
            number(each["days_left"]),
            _decimal(each["pace"]["needed"]),
        )
    return sheet


def _figures(found: list[dict[str, Any]]) -> Sheet:
    sheet = Sheet(
        Column(either("Số liệu", "Figure"), words=True),
        Column(either("Ngày, kỳ", "Day, period")),
        Column(either("Khai báo", "Declared"), "right"),
        Column(either("Tính được", "Computed"), "right"),
        Column(either("Chênh", "Differ by"), "right"),
        Column(either("Đơn vị dưới", "Children"), "right"),
    )
    for each in found:
        when = day(each["on"]) if each["on"] else days(each) if each["from"] else ""
        children = each["children"]
        said, silent, declared = children["said"], children["silent"], number(children["declared"])
        below = either(f"{declared} ({said} khai, {silent} chưa)", f"{declared} ({said} declared, {silent} did not)")
        name = word(FIGURES if each["figure"] in FIGURES else MEASURES, each["figure"])
        numbers = (number(each[key]) for key in ("declared", "computed", "difference"))
        sheet.add(name, when, *numbers, below)
    return sheet


def _stock(stock: Mapping[str, Any]) -> Iterator[Text]:
    opening, check = stock["opening"], stock["check"]
    if opening is None:
        yield Text(f"  {stock['reason']}", style="dim")
        return
    yield Text(f"  {_equation(opening, stock['flows'])} = {number(stock['computed'])}")
    if check is not None:
        declared = check["declared"]
        at, value, differ = day(declared["to"]), number(declared["value"]), number(check["difference"])
        yield Text(
            f"  {_equation(check['opening'], check['flows'])} = {number(check['computed'])}; "
            + either(f"khai báo {at}: {value}, chênh {differ}", f"declared {at}: {value}, differ by {differ}")
        )
    if stock["reorganised"]:
        told = either("Có đơn vị chuyển đến hoặc đi trong thời gian này.", "Units came or went meanwhile.")
        yield Text(f"  {told}", style="yellow")


def _equation(opening: Mapping[str, Any], flows: Mapping[str, int]) -> str:
    terms = (
        f" {'+' if STOCK_FLOWS[name] > 0 else '-'} {number(n)} {_in_a_line(word(MEASURES, name))}"
        for name, n in flows.items()
        if name in STOCK_FLOWS
    )
    return f"{number(opening['value'])} ({day(opening['to'])})" + "".join(terms)


def _in_a_line(heading: str) -> str:
    return heading[0].lower() + heading[1:]


def _rates(found: list[dict[str, Any]]) -> Sheet:
    sheet = Sheet(
        Column(either("Tỷ lệ", "Rate"), words=True),
        Column("%", "right"),
        Column(either("Tử số", "Numerator"), words=True),
        Column(either("Mẫu số", "Denominator"), words=True),
    )
    for each in found:
        sides = (_operand(each["numerator"]), _operand(each["denominator"]) if not each["reason"] else each["reason"])
        style = "dim" if each["percent"] is None else ""
        sheet.add(each["name"], _percent(each["percent"]), *sides, style=style)
    return sheet


def _operand(side: Mapping[str, Any] | None) -> str:
    if side is None:
        return _MISSING
    when = days(side) if side["from"] else day(side["to"])
    return f"{number(side['value'])} ({when})"


def _reached(row: Mapping[str, Any]) -> tuple[str, str, str]:
    attained = [
        _percent(row["attainment"][end]) for end in ("at_least", "at_most") if row["attainment"][end] is not None
    ]
    return _ends(row), number(row["value"]), " / ".join(attained) or _MISSING


def _ends(of: Mapping[str, Any]) -> str:
    if of["at_least"] is None:
        return _MISSING
    return number(of["at_least"]) if of["at_most"] is None else f"{number(of['at_least'])} - {number(of['at_most'])}"


def _adding_up(each: Mapping[str, Any]) -> str:
    if each["reason"]:
        return str(each["reason"])
    given, without, total = each["with_target"], each["without_target"], number(each["sum_at_least"])
    children = either(f"{given} đơn vị được giao, {without} chưa", f"{given} units have a target, {without} have none")
    if each["adds_up"]:
        return either(f"Cộng đủ: {total}; {children}", f"Adds up: {total}; {children}")
    differ = number(each["difference"])
    return either(
        f"Không cộng đủ: {total}, chênh {differ}; {children}",
        f"Does not add up: {total}, differs by {differ}; {children}",
    )


def _decimal(value: float | None) -> str:
    return _MISSING if value is None else decimal(value)


def _percent(value: float | None) -> str:
    return _MISSING if value is None else f"{decimal(value)}%"
