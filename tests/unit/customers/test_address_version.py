"""The version of a kept address, which callers send back to us."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from apps.customers.models import CustomerAddress
from apps.platform.cards.numbers import contains_card_data
from apps.platform.web.etags import etag_of

instants = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2099, 12, 31))


def version_at(instant: datetime) -> str:
    """Give the version of an address that was changed then."""
    return CustomerAddress(updated_at=instant).version


class TestVersion:
    def test_tells_microseconds_apart_and_no_time_zones(self) -> None:
        noon = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
        assert version_at(noon) == "2026-11-22T12:00:00.000000+00:00"
        assert version_at(noon + timedelta(microseconds=1)) == "2026-11-22T12:00:00.000001+00:00"
        assert version_at(noon.astimezone(timezone(timedelta(hours=2)))) == version_at(noon)

    @given(st.lists(instants, min_size=1, max_size=3))
    def test_never_looks_like_a_card_number_in_a_header(self, changed: list[datetime]) -> None:
        header = ", ".join(etag_of(version_at(one.replace(tzinfo=UTC))) for one in changed)
        assert not contains_card_data(header.encode())
