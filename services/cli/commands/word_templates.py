"""The command of `tonghop` that gives an office the Word templates to begin its own with."""
# ruff: noqa: PLC0415

from pathlib import Path
from typing import Annotated

import typer

from services.cli.errors import CommandError
from services.cli.usage import Commands
from services.language import either

app = Commands()


@app.says(
    "Chép các mẫu Word vào một thư mục mới để sửa thành mẫu của cơ quan.\n\n"
    "Đặt TONGHOP_TEMPLATES là thư mục đó rồi khởi động lại API.",
    "Copy the Word templates into a new folder, to make an office's own of them.\n\n"
    "Set TONGHOP_TEMPLATES to that folder, and start the API again.",
)
def word_templates(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar=either("THƯ_MỤC", "FOLDER"),
            help=either("Thư mục mới, chưa có.", "A new folder that isn't there yet."),
        ),
    ],
) -> None:
    """Copy the templates."""
    from services.cli.screen import shown
    from services.files.frames import newest_frame
    from services.files.templates import ANSWER_FILE, DOCUMENT_FILE, FRAME_FILE, own_templates

    own = own_templates()
    try:
        folder.mkdir(parents=True)
        for name, content in ((ANSWER_FILE, own.answer), (DOCUMENT_FILE, own.document), (FRAME_FILE, newest_frame())):
            (folder / name).write_bytes(content)
    except OSError as error:
        raise CommandError(
            either(
                f"Không tạo được {shown(folder)}: {error.strerror}", f"{shown(folder)} can't be made: {error.strerror}"
            )
        ) from error
    typer.echo(either(f"Các mẫu: {shown(folder)}", f"The templates: {shown(folder)}"))
