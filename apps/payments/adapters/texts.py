"""What is kept of the texts that a provider sends."""

LONGEST_TEXT = 200


def kept(text: str, longest: int = LONGEST_TEXT) -> str:
    """Shorten a text and leave out what no table takes: the words in a message are not always signed."""
    return "".join(one for one in text[:longest] if one.isprintable())
