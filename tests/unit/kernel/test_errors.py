"""The refusal every context builds on."""

import copy
import pickle
from typing import ClassVar

import pytest

from apps.kernel.errors import DomainError


class ShelfEmpty(DomainError):
    """A refusal whose constructor takes none of the base's arguments."""

    code: ClassVar[str] = "shelf_empty"

    def __init__(self, *, shelf: int) -> None:
        super().__init__("Nothing is left on this shelf.", shelf=shelf)
        self.shelf = shelf


class TopShelfEmpty(ShelfEmpty):
    """A refusal that keeps its parent's code."""


class TestDomainError:
    def test_keeps_the_sentence_and_the_facts(self) -> None:
        refusal = ShelfEmpty(shelf=7)

        assert str(refusal) == "Nothing is left on this shelf."
        assert refusal.detail == "Nothing is left on this shelf."
        assert refusal.context == {"shelf": 7}
        assert refusal.code == "shelf_empty"

    def test_gives_each_refusal_facts_of_its_own(self) -> None:
        first, second = ShelfEmpty(shelf=1), ShelfEmpty(shelf=2)

        first.context["shelf"] = 3

        assert second.context == {"shelf": 2}

    def test_lets_a_special_case_keep_its_parents_code(self) -> None:
        assert TopShelfEmpty.code == "shelf_empty"

    @pytest.mark.parametrize("travel", [copy.copy, lambda one: pickle.loads(pickle.dumps(one))])
    def test_survives_a_journey_between_processes(self, travel: type) -> None:
        arrived = travel(TopShelfEmpty(shelf=7))

        assert type(arrived) is TopShelfEmpty
        assert arrived.args == ("Nothing is left on this shelf.",)
        assert arrived.detail == "Nothing is left on this shelf."
        assert arrived.context == {"shelf": 7}
        assert arrived.shelf == 7

    def test_refuses_a_kind_without_a_code(self) -> None:
        with pytest.raises(TypeError, match="snake_case"):
            type("Nameless", (DomainError,), {})

    @pytest.mark.parametrize("code", ["", "ShelfEmpty", "shelf-empty", "_shelf", "shelf_", 7, None])
    def test_refuses_a_code_that_is_no_snake_case_word(self, code: object) -> None:
        with pytest.raises(TypeError, match="snake_case"):
            type("Misnamed", (DomainError,), {"code": code})
