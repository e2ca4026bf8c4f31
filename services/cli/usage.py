"""Commands whose help is in the user's language, where typer itself says it in English."""

import functools
import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from services.cli.options import TokenFile
from services.cli.own_token import GIVEN
from services.cli.running import concluded
from services.language import either, language

_FILE = "token_file"
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
        """Make a function a command, with what it is for in both languages.

        One that asks the API, which has an option for its address, takes `--token-file` too.
        """
        command = self.command(name, cls=_Command, help=either(vietnamese, english), hidden=hidden)

        def made(function: Decorated) -> Decorated:
            command(_with_token_file(function))
            return function

        return made


def _with_token_file(function: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(function)
    if "api" not in signature.parameters or _FILE in signature.parameters:
        return function

    @functools.wraps(function)
    def command(*given: Any, **named: Any) -> Any:
        GIVEN.set(named.pop(_FILE))
        return function(*given, **named)

    option = inspect.Parameter(_FILE, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=TokenFile)
    typed: Any = command
    typed.__signature__ = signature.replace(parameters=[*signature.parameters.values(), option])
    typed.__annotations__ = {**function.__annotations__, _FILE: TokenFile}
    return command


_WORDS = {
    "ARGUMENTS_PANEL_TITLE": "Đối số",
    "OPTIONS_PANEL_TITLE": "Tùy chọn",
    "COMMANDS_PANEL_TITLE": "Lệnh",
    "DEFAULT_STRING": "[mặc định: {}]",
    "REQUIRED_LONG_STRING": "[bắt buộc]",
}
_USAGE = {"Usage:": "Cách dùng:", "[OPTIONS]": "[TÙY CHỌN]", "COMMAND [ARGS]...": "LỆNH [ĐỐI SỐ]..."}
