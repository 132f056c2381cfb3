"""Charts and panels as plain values."""

import json
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser

from apps.kernel.identifiers import OrderId
from apps.platform.backoffice import panels
from apps.platform.backoffice.charts import bars, columns
from apps.platform.backoffice.formatting import Tone
from apps.platform.backoffice.panels import (
    Panel,
    Table,
    list_order_panels,
    order_panel,
)


class TestBars:
    def test_fill_the_width_with_the_longest(self) -> None:
        drawn = bars(
            {"a": 5, "b": 20, "c": 0},
            texts={"a": "five"},
            tones={"b": Tone.DANGER},
            urls={"c": "/c"},
        )
        assert [(bar.label, bar.text, bar.percent) for bar in drawn] == [
            ("a", "five", 25.0),
            ("b", "20", 100.0),
            ("c", "0", 0.0),
        ]
        assert [bar.tone for bar in drawn] == [Tone.INFO, Tone.DANGER, Tone.INFO]
        assert [bar.url for bar in drawn] == ["", "", "/c"]

    def test_do_not_exaggerate_what_is_small(self) -> None:
        (bar,) = bars({"a": 3}, texts={}, tones={}, full=60)
        assert bar.percent == 5.0

    def test_of_nothing_are_empty(self) -> None:
        assert bars({}, texts={}, tones={}) == []
        assert [bar.percent for bar in bars({"a": 0}, texts={}, tones={})] == [0.0]


class TestColumns:
    def test_name_their_series_only_where_there_are_several(self) -> None:
        one = columns(["10:00", "11:00"], {"orders": [1, 2]})
        assert json.loads(one.data)["labels"] == ["10:00", "11:00"]
        assert json.loads(one.data)["datasets"][0]["data"] == [1, 2]
        assert json.loads(one.options)["plugins"]["legend"]["display"] is False
        two = columns(["10:00"], {"EUR": [1.5], "USD": [2.5]})
        assert json.loads(two.options)["plugins"]["legend"]["display"] is True
        colours = [series["backgroundColor"] for series in json.loads(two.data)["datasets"]]
        assert len(set(colours)) == 2


class TestTable:
    def test_lines_up_numbers(self) -> None:
        table = Table(headings=("SKU", "Units"), numbers=frozenset({"Units"}), rows=[("A", "3")])
        assert table.columns == [("SKU", False), ("Units", True)]
        assert table.lines == [[("A", False), ("3", True)]]

    def test_refuses_a_row_that_does_not_fit_its_headings(self) -> None:
        with pytest.raises(ValueError, match="zip"):
            _ = Table(headings=("SKU", "Units"), rows=[("A",)]).lines


class Viewer(AnonymousUser):
    """Somebody with one permission."""

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return perm == "inventory.view_reservation"


class TestOrderPanels:
    @pytest.fixture(autouse=True)
    def _registry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(panels, "_order_panels", {})

    def test_stand_in_order_and_get_the_id(self) -> None:
        order_id = OrderId(uuid4())
        for title, position in (("Late", 20), ("Early", 10)):
            order_panel(title, position=position, permission="inventory.view_reservation")(
                lambda one: Panel(note=str(one))
            )
        shown = list_order_panels(order_id, viewer=Viewer())
        assert [one.title for one in shown] == ["Early", "Late"]
        assert {one.panel.note for one in shown} == {str(order_id)}

    def test_are_not_even_asked_for_those_who_may_not_see_them(self) -> None:
        @order_panel("Secret", position=1, permission="payments.view")
        def explode(order_id: object) -> Panel:
            raise AssertionError("nobody may see this")

        assert list_order_panels(OrderId(uuid4()), viewer=Viewer()) == []

    def test_are_replaced_when_registered_again(self) -> None:
        order_id = OrderId(uuid4())
        for panel in (Panel(note="old"), Panel(note="new")):
            register = order_panel("Stock", position=1, permission="inventory.view_reservation")
            register({order_id: panel}.__getitem__)
        (shown,) = list_order_panels(order_id, viewer=Viewer())
        assert shown.panel.note == "new"
