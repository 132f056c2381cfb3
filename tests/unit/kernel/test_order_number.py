"""Order numbers: one for each sequence, and slips are noticed."""

import re
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from apps.kernel.order_number import InvalidOrderNumber, OrderNumbers, normalise

NUMBERS = OrderNumbers(b"a secret of enough bytes")
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PLACES_OF_CHARACTERS = (0, 1, 2, 3, 5, 6, 7, 8, 10)

sequences = st.integers(min_value=0, max_value=2**40 - 1)


def with_character(number: str, place: int, character: str) -> str:
    return number[:place] + character + number[place + 1 :]


class TestNumberFor:
    def test_never_changes_for_a_secret(self) -> None:
        # These are printed on invoices: a change here gives old orders' numbers to new orders.
        assert [NUMBERS.number_for(sequence) for sequence in (0, 1, 2, 2**40 - 1)] == [
            "KWEM-PM2S-M",
            "550S-Y5EC-Y",
            "3NRZ-XJC7-5",
            "MSM8-R8RD-A",
        ]

    @given(sequences)
    def test_has_the_form_people_read_out(self, sequence: int) -> None:
        number = NUMBERS.number_for(sequence)

        assert re.fullmatch(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}-[{ALPHABET}]", number)

    @given(sequences)
    def test_leads_back_to_its_sequence(self, sequence: int) -> None:
        assert NUMBERS.sequence_of(NUMBERS.number_for(sequence)) == sequence

    @given(sequences)
    def test_reaches_every_number_there_is(self, shuffled: int) -> None:
        data = "".join(ALPHABET[shuffled >> shift & 31] for shift in range(35, -1, -5))
        number = next(normalise(data + check) for check in ALPHABET if _is_accepted(data + check))

        assert NUMBERS.number_for(NUMBERS.sequence_of(number)) == number

    def test_gives_no_number_twice(self) -> None:
        numbers = {NUMBERS.number_for(sequence) for sequence in range(20_000)}

        assert len(numbers) == 20_000

    def test_hides_the_order_of_sequences(self) -> None:
        # Neighbours share a character in a place by chance only: about one time in 32.
        numbers = [NUMBERS.number_for(sequence) for sequence in range(5000)]
        for place in PLACES_OF_CHARACTERS:
            same = sum(one[place] == next_one[place] for one, next_one in pairwise(numbers))
            assert 100 < same < 215

    def test_depends_on_the_secret(self) -> None:
        others = OrderNumbers(b"another secret of enough bytes")

        same = sum(NUMBERS.number_for(n) == others.number_for(n) for n in range(2000))

        assert same == 0

    @pytest.mark.parametrize("sequence", [-1, 2**40, 2**64])
    def test_refuses_a_sequence_it_has_no_number_for(self, sequence: int) -> None:
        with pytest.raises(ValueError, match="no order number for sequence"):
            NUMBERS.number_for(sequence)

    def test_refuses_a_short_secret(self) -> None:
        with pytest.raises(ValueError, match="16 bytes"):
            OrderNumbers(b"fifteen bytes..")
        assert OrderNumbers(b"sixteen bytes...").MAX_SEQUENCE == 2**40 - 1


class TestNormalise:
    @given(sequences)
    def test_leaves_a_well_written_number_alone(self, sequence: int) -> None:
        number = NUMBERS.number_for(sequence)

        assert normalise(number) == number

    @given(sequences, st.data())
    def test_understands_how_people_write(self, sequence: int, data: st.DataObject) -> None:
        number = NUMBERS.number_for(sequence)
        written = "".join(
            data.draw(st.sampled_from(_ways_to_write(character))) for character in number
        )

        assert normalise(f" {written}\n") == number
        assert NUMBERS.sequence_of(written) == sequence

    @given(sequences, st.sampled_from(PLACES_OF_CHARACTERS), st.sampled_from(ALPHABET))
    def test_notices_one_wrong_character(self, sequence: int, place: int, wrong: str) -> None:
        number = NUMBERS.number_for(sequence)
        assume(number[place] != wrong)

        with pytest.raises(InvalidOrderNumber) as refusal:
            normalise(with_character(number, place, wrong))
        assert refusal.value.code == "invalid_order_number"

    def test_notices_every_wrong_character_of_a_number(self) -> None:
        number = NUMBERS.number_for(4711)

        accepted = [
            (place, character)
            for place in PLACES_OF_CHARACTERS
            for character in ALPHABET
            if character != number[place] and _is_accepted(with_character(number, place, character))
        ]

        assert accepted == []

    @given(
        sequences,
        st.sampled_from(PLACES_OF_CHARACTERS),
        st.sampled_from(PLACES_OF_CHARACTERS),
    )
    def test_notices_two_characters_that_changed_places(
        self, sequence: int, one: int, other: int
    ) -> None:
        number = NUMBERS.number_for(sequence)
        assume(number[one] != number[other])
        swapped = with_character(with_character(number, one, number[other]), other, number[one])

        with pytest.raises(InvalidOrderNumber):
            normalise(swapped)

    def test_notices_every_pair_of_neighbours_that_changed_places(self) -> None:
        # The check is a sum over places: what the others hold makes no difference to the swap.
        for left, right in zip(range(8), range(1, 9), strict=True):
            for one in range(32):
                for other in range(one + 1, 32):
                    swapped = list(_completed({left: one, right: other}))
                    swapped[left], swapped[right] = swapped[right], swapped[left]
                    assert not _is_accepted("".join(swapped))

    @pytest.mark.parametrize(
        "text",
        [
            *["", " ", "-", "7", "0000-0000", "0000-0000-00", "U000-0000-0", "0000_0000_0"],
            *[
                "0000-0000-*",
                "００００-００００-０",
                "ſ000-0000-0",
                "0000-0000-\x00",
                "0" * 100_000,
            ],
        ],
    )
    def test_refuses_what_is_no_order_number(self, text: str) -> None:
        with pytest.raises(InvalidOrderNumber, match="not an order number"):
            normalise(text)
        with pytest.raises(InvalidOrderNumber, match="not an order number"):
            NUMBERS.sequence_of(text)

    @given(st.text())
    def test_answers_any_text_with_a_number_or_a_refusal(self, text: str) -> None:
        try:
            number = normalise(text)
        except InvalidOrderNumber:
            return
        assert normalise(number) == number


def _is_accepted(text: str) -> bool:
    try:
        normalise(text)
    except InvalidOrderNumber:
        return False
    return True


def _completed(values: dict[int, int]) -> str:
    """Put values in their places and find a character elsewhere that makes the check hold."""
    filled = [ALPHABET[values.get(place, 0)] for place in range(9)]
    spare = 7 if 0 in values else 0
    attempts = (
        "".join([*filled[:spare], character, *filled[spare + 1 :]]) for character in ALPHABET
    )
    return next(attempt for attempt in attempts if _is_accepted(attempt))


def _ways_to_write(character: str) -> str:
    match character:
        case "-":
            return "- –—‐"
        case "0":
            return "0Oo"
        case "1":
            return "1IiLl"
        case _:
            return character + character.lower()
