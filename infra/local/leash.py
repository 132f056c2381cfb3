"""Become another program that ends when the process that started it ends.

Run as `python -I -S leash.py PARENT_PID SIGNAL USER COMMAND…`. It is a program of its own, and
not code run between fork and exec, because that is unsafe once a process has threads.
"""

import ctypes
import os
import pwd
import shutil
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
RESET_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def leashed(
    command: Sequence[str],
    *,
    orphan_signal: signal.Signals = signal.SIGKILL,
    user: str | None = None,
) -> list[str]:
    """Wrap a command so that the kernel ends it with `orphan_signal` when this process dies.

    The kernel watches the thread that starts the command, so that thread must live as long as the
    command may. With `user`, the command runs as that user; only root can do that.
    """
    return [
        sys.executable,
        *("-I", "-S", __file__),
        *(str(os.getpid()), str(int(orphan_signal)), user or ""),
        # Found now: after the change of user not even Python's own library may be readable.
        *(shutil.which(command[0]) or command[0], *command[1:]),
    ]


def become(parent: int, orphan_signal: int, user: str, command: Sequence[str]) -> None:
    """Drop to the user, tie this process to its parent, then turn into the command.

    Returns only when the parent is gone already.

    Raises:
        OSError: the command cannot be run.
        KeyError: there is no such user.
    """
    if user:
        account = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    # A launcher started in the background hands down ignored signals, which would survive exec.
    for number in RESET_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    # After setuid, which clears it.
    tie_to_parent(orphan_signal)
    if os.getppid() == parent:
        os.execv(command[0], list(command))


def tie_to_parent(number: int) -> None:
    """Ask the kernel to send this process a signal when its parent dies; only Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


if __name__ == "__main__":
    try:
        become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
    except (OSError, KeyError) as error:
        sys.exit(f"{sys.argv[4]} cannot be run: {error}")
