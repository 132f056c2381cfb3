"""Texts of a provider that are kept."""


def kept(text: str, longest: int = 200) -> str:
    """Shorten a text and leave out what no table takes: the words in a message are not always signed."""
    return "".join(one for one in text[:longest] if one.isprintable())
