"""A program of its own: `tether.py PARENT PROGRAM ARGUMENT…` becomes PROGRAM, told to stop when its parent dies.

Done here and not between fork and exec of the parent: nothing but async-signal-safe calls is safe there once the
parent has threads. It runs without the packages, so that it costs a few milliseconds.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Bind this process to its parent and replace it by the program; where the parent is dead already, end."""
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == int(parent):
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
