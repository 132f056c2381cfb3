"""How numbers of documents are written, and read again."""

import pytest

from apps.payments.domain.documents import number_of, parts_of


class TestNumbers:
    @pytest.mark.parametrize(
        ("nth", "written"),
        [(1, "R-2026-000001"), (999_999, "R-2026-999999"), (1_000_000, "R-2026-1000000")],
    )
    def test_are_written_in_six_digits_or_more(self, nth: int, written: str) -> None:
        assert number_of("R-2026", nth) == written
        assert parts_of(written) == ("R-2026", nth)

    def test_are_read_as_people_type_them(self) -> None:
        assert parts_of(" r-2026-000012 ") == ("R-2026", 12)

    @pytest.mark.parametrize(
        "text", ["", "R", "-1", "R-2026-", "R-2026-x", "R-2026-١٢", "R-2026-" + "9" * 19]
    )
    def test_are_not_found_in_what_is_none(self, text: str) -> None:
        assert parts_of(text) is None
