"""Help and usage errors in the user's language: what typer itself says in English."""

import re
import sys
from collections.abc import Callable, Sequence
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
    """The commands together, in the same way; called by itself it ends as the process of a command does."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command; where it stands alone, say what goes wrong and exit with its code."""

        def command() -> Any:
            return super(_Group, self).main(args, prog_name, complete_var, False, windows_expand_args, **extra)

        if not standalone_mode:
            return command()
        from services.cli.running import concluded  # noqa: PLC0415 - it explains what is wrong by this module

        sys.exit(concluded(command))

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
