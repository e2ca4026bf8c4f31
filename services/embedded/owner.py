"""As whom an embedded server runs, and what of its files others may see: nobody as root, nobody but its owner."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from services.embedded.process import ServerError

SYSTEM_USER: Final = "embedded_postgres"
_OF_THE_SYSTEM: Final = "/usr/local/sbin:/usr/sbin:/sbin"
"""Where `useradd` lies: cron, `su` and many a shell have none of these in their PATH."""
PRIVATE: Final = 0o700
PASSABLE: Final = 0o711
"""Of a folder of root's with a server's own in it: others pass through to what is theirs, and see nothing."""


class Identity(NamedTuple):
    """The OS user and group of a server; None is whoever starts it."""

    user: int | None = None
    group: int | None = None


def identity() -> Identity:
    """Say as whom a server runs: as its starter, or as SYSTEM_USER where that is root. Raises ServerError."""
    if os.geteuid() != 0:
        return Identity()
    try:
        account = _account(SYSTEM_USER)
    except (OSError, KeyError, subprocess.CalledProcessError) as error:
        raise ServerError(
            f"no server is run as root, and the user {SYSTEM_USER} can't be made ({error}): "
            "make it, or start tonghop as an ordinary user"
        ) from error
    return Identity(account.pw_uid, account.pw_gid)


def _account(name: str) -> pwd.struct_passwd:
    """Find a user of the system, or make it. Raises OSError, KeyError and CalledProcessError."""
    with suppress(KeyError):
        return pwd.getpwnam(name)
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', os.defpath)}:{_OF_THE_SYSTEM}")
    subprocess.run([useradd or "useradd", "-s", "/bin/bash", name], check=True, capture_output=True)  # noqa: S603 - the system's own
    return pwd.getpwnam(name)


def give(path: Path, to: Identity) -> None:
    """Give a file or folder to the server's user; nothing where that is whoever asks."""
    if to.user is not None:
        os.chown(path, to.user, -1 if to.group is None else to.group, follow_symlinks=False)


def give_all(folder: Path, to: Identity) -> None:
    """Give a folder and what is in it to the server's user, touching only what is somebody else's."""
    if to.user is None:
        return
    for path in (folder, *folder.rglob("*")):
        with suppress(FileNotFoundError):
            if path.lstat().st_uid != to.user:
                give(path, to)


def close_to_others(folder: Path, mode: int = PRIVATE) -> None:
    """Make a folder, or correct the mode of one that is there, so that its owner alone may look into it."""
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    if stat.S_IMODE(folder.stat().st_mode) != mode:
        folder.chmod(mode)


def let_through(path: Path) -> None:
    """Let every user pass through the folders above `path`, and see nothing of them that could not be seen before."""
    for parent in path.parents:
        mode = stat.S_IMODE(parent.stat().st_mode)
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)
