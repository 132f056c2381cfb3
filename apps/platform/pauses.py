"""How long to wait for company before work that costs about as much for many as for one."""


def pause_after(took: float, *, even: float, shortest: float, longest: float) -> float:
    """Give the pause, in seconds, before the next pass of some work, from how long the last one took.

    After a pass of `even` seconds it is as long as that pass, after one of n times `even` n times as long as
    that, within limits. So it is little where little goes on, and where the machine is busy each pass
    does more, which is what makes it cheaper.
    """
    return min(longest, max(shortest, took * took / even))
