"""The one way in which starting the stack says no."""


class CannotStart(Exception):
    """Something the stack needs is missing, taken or broken.

    The message is a sentence for the person at the terminal and says what to do about it.
    """
