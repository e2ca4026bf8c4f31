"""Standard input, output and error as they really are: closed, full, unread, or without Vietnamese letters."""

import codecs
import errno
import io
import os
import sys
import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer

ERRORS: Final = "tonghop"
"""The name of `degrade` as an error handler of codecs."""

_STDIN, _STDOUT, _STDERR = range(3)
_PLAIN: Final = {
    **dict.fromkeys("─━═╌┄╼╾╺╸", "-"),
    **dict.fromkeys("│┃║╎┆", "|"),
    **dict.fromkeys("┼╇╈┿╪╫╬├┝┡┤┥┩┬┯┳┴┷┻╭╮╯╰┌┐┘└┏┓┗┛╞╡", "+"),
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("–—−‑", "-"),
    **dict.fromkeys("•·", "*"),
    "…": "...",
    "⇄": "<->",
    "→": "->",
    "×": "x",
    "đ": "d",
    "Đ": "D",
    "\u00a0": " ",
}


class OutputError(OSError):
    """Standard output or standard error can't be written.

    None of OSError's kinds and without its number, so that no library takes it for what it knows how to handle.
    """

    def __init__(self, failure: OSError) -> None:
        super().__init__(failure.strerror or str(failure))
        self.unread = failure.errno == errno.EPIPE
        """Whether only nobody reads any more, as with `| head`."""


class _Descriptor(io.FileIO):
    """A standard stream's descriptor whose failures can be told from those of other files."""

    def __init__(self, number: int) -> None:
        super().__init__(number, "wb", closefd=False)

    def write(self, data: "Buffer") -> int:
        """Write as FileIO does; raises OutputError."""
        try:
            return super().write(data)
        except OSError as failure:
            raise OutputError(failure) from failure


def degrade(error: UnicodeError) -> tuple[str, int]:
    """Write what an encoding hasn't as what it has: `Tong cong` for `Tổng cộng`; anything else as an escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_plain(one, error.encoding) for one in error.object[error.start : error.end]), error.end


def _plain(character: str, encoding: str) -> str:
    letters = "".join(one for one in unicodedata.normalize("NFD", character) if not unicodedata.combining(one))
    for way in (_PLAIN.get(character, letters), "".join(_PLAIN.get(one, one) for one in letters)):
        with suppress(UnicodeEncodeError):
            way.encode(encoding)
            return way
    return character.encode("ascii", "backslashreplace").decode()


def prepare() -> None:
    """Make the standard streams of this process usable, whatever they are.

    A closed one is the null device from here on: otherwise the next file or connection takes its number, and what is
    written to it goes there. What an encoding hasn't is written in its place.
    """
    codecs.register_error(ERRORS, degrade)
    for number in (_STDIN, _STDOUT, _STDERR):
        try:
            os.fstat(number)
        except OSError:
            _to_null(number)
    sys.stdin = sys.stdin or open(_STDIN, encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor
    sys.stdout = _writer(sys.stdout, _STDOUT, by_line=False)
    sys.stderr = _writer(sys.stderr, _STDERR, by_line=True)


def finish() -> None:
    """Write out what is still kept; raises OutputError where it can't be, after which nothing more is written."""
    for stream, number in ((sys.stdout, _STDOUT), (sys.stderr, _STDERR)):
        try:
            stream.flush()
        except OutputError:
            _to_null(number)
            with suppress(OutputError):
                stream.flush()
            if number == _STDOUT:
                raise


def give_up_output() -> None:
    """Let what can't be written to standard output go nowhere, so that the end of the process doesn't stumble on it."""
    _to_null(_STDOUT)
    with suppress(OutputError):
        sys.stdout.flush()


def complain(text: str) -> None:
    """Say something on standard error; where that can't be written there is nobody to tell."""
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def _writer(stream: TextIO | None, number: int, *, by_line: bool) -> TextIO:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    raw = _Descriptor(number)
    if stream is not None:
        with suppress(OSError):
            stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding,
        ERRORS,
        line_buffering=by_line or raw.isatty(),
        write_through=bool(getattr(stream, "write_through", False)),
    )


def _to_null(number: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    if null == number:
        os.set_inheritable(number, True)
        return
    os.dup2(null, number)
    os.close(null)
