"""A stream that stood in another account: its folder is moved while no server runs, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from projections.bilingual import Bilingual
from services.bus_credentials.files import keep
from services.embedded.process import ServerError

_DESCRIPTION: Final = "meta.inf"
"""The server's description of a stream: a folder without it is none."""


def take_over(store: Path, stream: str, account: str) -> Path | None:
    """Move the stream of whichever account has it to this one, with all its messages at their positions.

    JetStream keeps a stream under its account's name and says nothing of the account in its files. One rename does it:
    whoever is killed before or after finds the stream in the one place or in the other, and this is done at every
    start. Returns where it was, None where nothing had to be moved. Raises ServerError where two accounts have one.
    """
    target = store / account / "streams" / stream
    found = [path.parent for path in store.glob(f"*/streams/{stream}/{_DESCRIPTION}") if path.parent != target]
    if not found:
        return None
    if len(found) > 1 or (target / _DESCRIPTION).exists():
        named = ", ".join(str(path) for path in sorted({*found, *([target] if target.exists() else [])}))
        raise ServerError(
            Bilingual(
                f"Có nhiều luồng {stream}: {named}. Không biết được luồng nào là nhật ký: hãy chuyển các luồng kia đi "
                "(chưa có gì bị thay đổi), hoặc dựng lại nhật ký bằng `tonghop restore --from-ledger`",
                f"There are several streams {stream}: {named}. Which of them is the log can't be told from here: move "
                "the others away (nothing was changed), or bring the log back with `tonghop restore --from-ledger`",
            )
        )
    source = found[0]
    try:
        for folder in (store / account, target.parent):
            if not folder.is_dir():
                folder.mkdir(mode=0o700)
                keep(folder.parent)
        source.rename(target)
        keep(target.parent)
        keep(source.parent)
    except OSError as error:
        raise ServerError(f"the stream {source} can't be moved to {target}: {error}. Nothing is lost") from error
    return source
