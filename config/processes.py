"""What a process of ours owes the one that started it."""

import ctypes
import gc
import os
import signal

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies, where `OMS_DIE_WITH_PARENT` is set.

    The local launcher sets it, so that a killed launcher leaves nothing behind, not even a process
    that is frozen and would heed no gentler signal. Calling it again changes nothing; elsewhere
    than on Linux it does nothing.
    """
    if not os.environ.get("OMS_DIE_WITH_PARENT"):
        return
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    except (AttributeError, OSError):
        return


def load_without_collecting() -> None:
    """Look for no garbage while modules are imported; `collect_garbage_rarely` ends it.

    Hardly anything that an import makes is dropped again, and looking for it takes a tenth of a start.
    """
    gc.disable()


def collect_garbage_rarely() -> None:
    """Leave what was loaded at the start alone, and look through the rest after every 50,000 objects.

    Python's default of 700 is for programs that make few objects; ours turn thousands of rows into
    objects a second, with hardly a cycle among them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()
