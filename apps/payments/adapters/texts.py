"""What is kept of the texts that a provider sends."""

LONGEST_TEXT = 200


def kept(text: str, longest: int = LONGEST_TEXT) -> str:
    """Shorten a text and leave out what no table takes: the words in a message are not always signed."""
    return "".join(one for one in text[:longest] if one.isprintable())


def text_at(told: object, *path: str) -> str:
    """Give a text out of an object that a provider sent; empty where it is missing, null or no text."""
    for name in path:
        told = told.get(name) if isinstance(told, dict) else None
    return told if isinstance(told, str) else ""
