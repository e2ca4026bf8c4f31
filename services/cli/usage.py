"""Help and usage errors in the user's language: what typer itself says in English."""

from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from services.cli.language import either, language

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class _Command(TyperCommand):
    """A command whose help is in the user's language."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        _translate_headings()
        super().format_help(ctx, formatter)

    def get_usage(self, ctx: Any) -> str:
        """Write the line that shows how it is called."""
        return _usage(super().get_usage(ctx))

    def get_help_option(self, ctx: Any) -> Any:
        """Give the option that shows the help."""
        return _help_option(super().get_help_option(ctx))


class _Group(TyperGroup):
    """The commands together, in the same way."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        _translate_headings()
        super().format_help(ctx, formatter)

    def get_usage(self, ctx: Any) -> str:
        """Write the line that shows how it is called."""
        return _usage(super().get_usage(ctx))

    def get_help_option(self, ctx: Any) -> Any:
        """Give the option that shows the help."""
        return _help_option(super().get_help_option(ctx))


def _translate_headings() -> None:
    if language() == "vi":
        from typer import rich_utils  # noqa: PLC0415 - half of the time that a command takes to start

        for name, word in _WORDS.items():
            setattr(rich_utils, name, word)


def _usage(usage: str) -> str:
    for english, word in _USAGE.items() if language() == "vi" else ():
        usage = usage.replace(english, word)
    return usage


def _help_option(option: Any) -> Any:
    if option is not None:
        option.help = either("Cho xem hướng dẫn này rồi thôi.", "Show this message and exit.")
    return option


class Commands(typer.Typer):
    """Commands whose help is in the user's language."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(
            cls=_Group,
            add_completion=False,
            pretty_exceptions_enable=False,
            context_settings={"help_option_names": ["-h", "--help"]},
            **settings,
        )

    def says(
        self, vietnamese: str, english: str, *, name: str | None = None, hidden: bool = False
    ) -> Callable[[Decorated], Decorated]:
        """Make a function a command, with what it is for in both languages."""
        return self.command(name, cls=_Command, help=either(vietnamese, english), hidden=hidden)


_WORDS = {
    "ARGUMENTS_PANEL_TITLE": "Đối số",
    "OPTIONS_PANEL_TITLE": "Tùy chọn",
    "COMMANDS_PANEL_TITLE": "Lệnh",
    "DEFAULT_STRING": "[mặc định: {}]",
    "REQUIRED_LONG_STRING": "[bắt buộc]",
}
_USAGE = {"Usage:": "Cách dùng:", "[OPTIONS]": "[TÙY CHỌN]", "COMMAND [ARGS]...": "LỆNH [ĐỐI SỐ]..."}


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
    return str(wrong.format_message())


def _vietnamese(wrong: Any) -> str:
    parameter = getattr(wrong, "param", None)
    which = " / ".join(parameter.opts) if parameter is not None and parameter.opts else "?"
    if parameter is not None and parameter.param_type_name == "argument":
        which = parameter.make_metavar(ctx=wrong.ctx)
    match type(wrong).__name__:
        case "MissingParameter":
            return f"Thiếu {which}."
        case "NoSuchOption":
            others = f" (có phải: {', '.join(wrong.possibilities)}?)" if wrong.possibilities else ""
            return f"Không có tùy chọn {wrong.option_name}{others}."
        case "BadParameter" if parameter is not None:
            return f"{which} không hợp lệ: {_expected(parameter, wrong)}"
        case "BadOptionUsage":
            return f"{wrong.option_name}: dùng sai cách ({wrong.message.rstrip('.')})."
        case _:
            return _translated(_message(wrong))


def _expected(parameter: Any, wrong: Any) -> str:
    kind = parameter.type
    if choices := getattr(kind, "choices", None):
        return f"hãy chọn một trong {', '.join(str(getattr(one, 'value', one)) for one in choices)}."
    low, high = getattr(kind, "min", None), getattr(kind, "max", None)
    numbers = {"integer": "số nguyên", "int": "số nguyên", "float": "số"}
    name = str(getattr(kind, "name", "")).removesuffix(" range")
    if name in numbers:
        within = f" từ {low}" if low is not None else ""
        within += f" đến {high}" if high is not None else ""
        return f"cần một {numbers[name]}{within}."
    return str(wrong.message)


def _translated(message: str) -> str:
    for english, word in (
        ("No such command", "Không có lệnh"),
        ("Missing command", "Thiếu tên lệnh"),
        ("Got unexpected extra arguments", "Thừa đối số"),
        ("Got unexpected extra argument", "Thừa đối số"),
    ):
        if message.startswith(english):
            return word + message.removeprefix(english)
    return message
