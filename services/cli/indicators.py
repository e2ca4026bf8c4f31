"""Show in the terminal how far targets are reached, what is declared beside what is counted, and rates."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from projections.core.written import decimal
from services.cli.words import BASES, FIGURES, LEVELS, MEASURES, day, number, say

_MISSING = "…"


def indicators(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out targets, declared figures, the stock of members and rates, each with why a number is missing."""
    return Group(
        *_above(answer),
        Text("\nChỉ tiêu / targets", style="bold"),
        _targets(answer["targets"]) if answer["targets"] else Text(f"  {answer['targets_reason']}", style="dim"),
        Text("\nSố khai báo / declared figures", style="bold"),
        _figures(answer["figures"]),
        Text("\nSố đảng viên / members", style="bold"),
        *_stock(answer["stock"]),
        Text("\nTỷ lệ / rates", style="bold"),
        _rates(answer["rates"]),
        Text(f"\nVị trí trong nhật ký / position {answer['position']}", style="dim"),
    )


def targets(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out each target with those of the children, and say whether they add up."""
    parts: list[RenderableType] = [*_above(answer)]
    for each in answer["targets"]:
        what = f"\n{MEASURES[each['measure']]}, {day(each['from'])} - {day(each['to'])}"
        table = _table("Đơn vị", "Chỉ tiêu / target", "Đã đạt / so far", "Đạt / attained")
        table.add_row(escape(answer["unit"]["name"]), *_reached(each), style="bold")
        for row in (row for row in each["rows"] if row["at_least"] is not None):
            table.add_row(f"{escape(row['unit']['name'])} [dim]{escape(row['unit']['id'])}[/]", *_reached(row))
        parts += [Text(what, style="bold"), table, Text(_adding_up(each), style="dim")]
    if answer["reason"]:
        parts.append(Text(f"\n{answer['reason']}", style="dim"))
    return Group(*parts)


def _above(answer: Mapping[str, Any]) -> Iterator[Text]:
    unit = answer["unit"]
    yield Text.assemble((unit["name"], "bold"), f"  {unit['id']}, {say(LEVELS, unit['level'])}")
    yield Text(f"Đến ngày {day(answer['on'])}, {say(BASES, answer['basis'])}")


def _targets(found: list[dict[str, Any]]) -> Table:
    table = _table(
        "Chỉ tiêu", "Kỳ", "Giao", "Đã đạt", "Đạt / attained", "Còn / left", "Ngày / days", "Cần 30 ngày / pace"
    )
    for each in found:
        table.add_row(
            MEASURES[each["measure"]],
            f"{day(each['from'])} - {day(each['to'])}",
            *_reached(each),
            _ends(each["remaining"]),
            number(each["days_left"]),
            _decimal(each["pace"]["needed"]),
        )
    return table


def _figures(found: list[dict[str, Any]]) -> Table:
    table = _table(
        "Số liệu", "Ngày, kỳ", "Khai báo / declared", "Tính được / computed", "Chênh / differ", "Đơn vị dưới / children"
    )
    for each in found:
        when = day(each["on"]) if each["on"] else f"{day(each['from'])} - {day(each['to'])}" if each["from"] else ""
        children = each["children"]
        below = f"{number(children['declared'])} ({children['said']} khai, {children['silent']} chưa)"
        name = FIGURES.get(each["figure"]) or MEASURES[each["figure"]]
        numbers = (number(each[key]) for key in ("declared", "computed", "difference"))
        table.add_row(name, when, *numbers, below)
    return table


def _stock(stock: Mapping[str, Any]) -> Iterator[Text]:
    opening, check = stock["opening"], stock["check"]
    if opening is None:
        yield Text(f"  {stock['reason']}", style="dim")
        return
    yield Text(f"  {_equation(opening, stock['flows'])} = {number(stock['computed'])}")
    if check is not None:
        declared = check["declared"]
        yield Text(
            f"  {_equation(check['opening'], check['flows'])} = {number(check['computed'])};"
            f" khai báo {day(declared['to'])}: {number(declared['value'])}, chênh {number(check['difference'])}"
        )
    if stock["reorganised"]:
        yield Text(
            "  Có đơn vị chuyển đến hoặc đi trong thời gian này. / Units came or went meanwhile.", style="yellow"
        )


def _equation(opening: Mapping[str, Any], flows: Mapping[str, int]) -> str:
    return (
        f"{number(opening['value'])} ({day(opening['to'])}) + {number(flows['admissions'])} kết nạp"
        f" + {number(flows['transfers_in'])} chuyển đến - {number(flows['departures'])} ra khỏi Đảng"
        f" - {number(flows['transfers_out'])} chuyển đi"
    )


def _rates(found: list[dict[str, Any]]) -> Table:
    table = _table("Tỷ lệ", "%", "Tử số / numerator", "Mẫu số / denominator")
    for each in found:
        sides = (_operand(each["numerator"]), _operand(each["denominator"]) if not each["reason"] else each["reason"])
        table.add_row(each["name"], _percent(each["percent"]), *sides, style="dim" if each["percent"] is None else "")
    return table


def _operand(side: Mapping[str, Any] | None) -> str:
    if side is None:
        return _MISSING
    when = f"{day(side['from'])} - {day(side['to'])}" if side["from"] else day(side["to"])
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
    silent = f"{each['with_target']} đơn vị được giao, {each['without_target']} chưa"
    if each["adds_up"]:
        return f"Cộng đủ / adds up: {number(each['sum_at_least'])}; {silent}"
    differ = f"{number(each['sum_at_least'])}, chênh {number(each['difference'])}"
    return f"Không cộng đủ / does not add up: {differ}; {silent}"


def _decimal(value: float | None) -> str:
    return _MISSING if value is None else decimal(value)


def _percent(value: float | None) -> str:
    return _MISSING if value is None else f"{decimal(value)}%"


def _table(first: str, *others: str) -> Table:
    table = Table(first, show_edge=False, pad_edge=False)
    for heading in others:
        table.add_column(heading, justify="left" if heading.startswith(("Kỳ", "Ngày, kỳ", "Tử", "Mẫu")) else "right")
    return table
