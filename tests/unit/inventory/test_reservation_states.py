"""The ways of a reservation from state to state: those that there are, and none beside them."""

import pytest
from django_fsm import TransitionNotAllowed

from apps.inventory.models import Reservation, ReservationStatus

WAYS = {
    # One that has expired may be had again, where the payment came after all and there is stock.
    "commit": {"held": "committed", "expired": "committed"},
    "release": {"held": "released", "committed": "released"},
    "expire": {"held": "expired"},
}


class TestAReservation:
    @pytest.mark.parametrize("status", ReservationStatus.values)
    @pytest.mark.parametrize("way", WAYS)
    def test_goes_from_state_to_state_as_agreed_and_else_stays(self, way: str, status: str) -> None:
        one = Reservation(status=status)
        if status in WAYS[way]:
            getattr(one, way)()
            assert one.status == WAYS[way][status]
            return
        with pytest.raises(TransitionNotAllowed):
            getattr(one, way)()
        assert one.status == status

    def test_has_no_other_way(self) -> None:
        field = Reservation._meta.get_field("status")
        assert {one.name for one in field.get_all_transitions(Reservation)} == WAYS.keys()

    @pytest.mark.parametrize(
        ("status", "is_open"),
        [
            ("held", True),
            ("committed", True),
            ("fulfilled", False),
            ("released", False),
            ("expired", False),
            ("unavailable", False),
        ],
    )
    def test_keeps_units_from_others_while_it_is_held_or_committed(
        self, status: str, is_open: bool
    ) -> None:
        assert Reservation(status=status).is_open is is_open
