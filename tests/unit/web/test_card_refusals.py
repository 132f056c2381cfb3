"""Pointing at the value that holds a card costs no caller's body more than in proportion."""

import json
from collections.abc import Callable

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


def long_name(times: int) -> bytes:
    """Give a name as long as that, over as many values."""
    return json.dumps({"a" * 20 * times: [{}] * times, "z": NUMBER}).encode()


def deep_list(times: int) -> bytes:
    """Give as many lists within each other, the innermost with many values and a card."""
    return b"[" * times + b'"x",' * 40 * times + f'"{NUMBER}"'.encode() + b"]" * times


class TestPointerToCard:
    def test_finds_the_deepest(self) -> None:
        assert pointer_to_card(nested(1)) == "/inner" * LEVELS

    def test_points_at_the_row_of_a_large_file(self) -> None:
        assert pointer_to_card(flat(5_000)) == "/rows/5000/id"

    def test_points_into_a_list(self) -> None:
        assert pointer_to_card(json.dumps({"a": ["x", NUMBER]}).encode()) == "/a/1"

    @pytest.mark.parametrize(
        ("document", "times"), [(nested, 800), (flat, 6_000), (long_name, 15_000), (deep_list, 800)]
    )
    def test_cannot_be_made_slow(self, document: Callable[[int], bytes], times: int) -> None:
        assert grows_in_proportion(pointer_to_card, document, times=times)

    def test_can_be_written_whatever_the_names(self) -> None:
        assert pointer_to_card(f'{{"\\ud800": "{NUMBER}"}}'.encode()) == "/?"

    def test_gives_up_where_there_is_too_much_to_look_at(self) -> None:
        assert pointer_to_card(flat(50_000)) == ""

    @pytest.mark.parametrize("body", [b"no json", b"", b"[" * 50_000])
    def test_points_at_nothing_in_what_is_no_document(self, body: bytes) -> None:
        assert pointer_to_card(body) is None
