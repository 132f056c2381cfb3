"""Notice that the terminal is closed, also where nobody passes that on."""

import os
import select
import signal
import sys
import threading


def stop_with_the_terminal() -> None:
    """Send ourselves SIGHUP once the terminal that we are in the foreground of hangs up.

    The kernel tells its first process alone. That is a shell, which passes it on, or `make` itself, as in
    `ssh -t host make run`, which does not. `nohup` has SIGHUP ignored, and what is started in the background
    is left to whoever did so.
    """
    try:
        terminal = sys.stdin.fileno()
        is_ours = os.tcgetpgrp(terminal) == os.getpgrp()
    except (OSError, ValueError, AttributeError):
        return
    if is_ours and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        threading.Thread(target=_wait_for_its_end, args=(terminal,), daemon=True).start()


def _wait_for_its_end(terminal: int) -> None:
    poll = select.poll()
    # Of what is not asked for, the end alone is told.
    poll.register(terminal, 0)
    poll.poll()
    os.kill(os.getpid(), signal.SIGHUP)
