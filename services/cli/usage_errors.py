"""What was asked for wrongly, in the user's language: what typer and pydantic say of a command line in English."""

import re
from typing import Any

import typer

from services.language import either, language


def explained(wrong: typer.TyperException) -> str:
    """Say what was asked for wrongly, and how it is asked for."""
    context: Any = getattr(wrong, "ctx", None)
    if type(wrong).__name__ == "NoArgsIsHelpError":
        return ""
    lines = [_vietnamese(wrong) if language() == "vi" else _message(wrong)]
    if context is not None:
        lines.append(context.get_usage())
        lines.append(either("Hướng dẫn: ", "Help: ") + f"{context.command_path} --help")
    return "\n".join(lines)


def _message(wrong: Any) -> str:
    return str(wrong.format_message()).replace("Value error, ", "")


def _vietnamese(wrong: Any) -> str:
    parameter = getattr(wrong, "param", None)
    match type(wrong).__name__:
        case "MissingParameter" if parameter is not None:
            return f"Thiếu {_which(parameter)}."
        case "NoSuchOption":
            others = f" (có phải: {', '.join(sorted(wrong.possibilities))}?)" if wrong.possibilities else ""
            return f"Không có tùy chọn {wrong.option_name}{others}."
        case "BadParameter" if parameter is not None:
            return f"{_which(parameter)} không hợp lệ: {_translated(str(wrong.message))}"
        case _:
            return _translated(_message(wrong))


def _which(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name).strip("{}[]")
    return " / ".join(parameter.opts)


_SAID = (
    (r"(?:Value error, )?'(.*)' is not one of (.*?)\.?", r"không có '\1'; hãy chọn \2."),
    (r"Input should be greater than or equal to (\S+)", r"phải từ \1 trở lên."),
    (r"Input should be less than or equal to (\S+)", r"không quá \1."),
    (r"Input should be a valid integer.*", r"cần một số nguyên."),
    (r"Input should be a valid number.*", r"cần một số."),
    (r"Invalid value: (.*)", r"\1"),
    (r"No such command (\S+?)\.?(?: Did you mean (.*)\?)?", r"Không có lệnh \1 (có phải: \2?)."),
    (r"Missing command.*", r"Thiếu tên lệnh."),
    (r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", r"Thừa đối số: \1."),
    (r"Option '?(\S+?)'? requires an argument\.?", r"\1 cần một giá trị."),
)
"""What typer and pydantic say of a command line, and the same in Vietnamese."""


def _translated(message: str) -> str:
    for english, vietnamese in _SAID:
        if found := re.fullmatch(english, message, re.DOTALL):
            return found.expand(vietnamese).replace(" (có phải: ?)", "")
    return message.replace("Value error, ", "")
