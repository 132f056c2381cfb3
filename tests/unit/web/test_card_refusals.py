"""Pointing at the value that holds a card costs no caller's body more than in proportion."""

import json

import pytest

from apps.platform.web.card_refusals import pointer_to_card
from tests.card_writings import NUMBER
from tests.growth import grows_in_proportion

LEVELS = 12


def nested(times: int) -> bytes:
    """Give a document of so many pieces on each of twelve levels, with a card at its deepest end."""
    inner: object = NUMBER
    for _ in range(LEVELS):
        inner = {**{f"a{n}": "x" for n in range(times)}, "inner": inner}
    return json.dumps(inner).encode()


def flat(times: int) -> bytes:
    """Give as many rows as that, with a card in the last."""
    return json.dumps(
        {"rows": [{"id": n, "at": "x"} for n in range(times)] + [{"id": NUMBER}]}
    ).encode()


class TestPointerToCard:
    def test_finds_the_deepest(self) -> None:
        assert pointer_to_card(nested(1)) == "/inner" * LEVELS

    def test_points_at_the_row_of_a_large_file(self) -> None:
        assert pointer_to_card(flat(5_000)) == "/rows/5000/id"

    @pytest.mark.parametrize(("document", "times"), [(nested, 800), (flat, 6_000)])
    def test_cannot_be_made_slow(self, document: object, times: int) -> None:
        assert grows_in_proportion(pointer_to_card, document, times=times)  # type: ignore[arg-type]

    def test_gives_up_where_there_is_too_much_to_look_at(self) -> None:
        assert pointer_to_card(flat(50_000)) == ""

    @pytest.mark.parametrize("body", [b"no json", b"", b"[" * 50_000])
    def test_points_at_nothing_in_what_is_no_document(self, body: bytes) -> None:
        assert pointer_to_card(body) is None
