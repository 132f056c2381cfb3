"""Editing only what one has seen."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from apps.platform.web.etags import insist_on_match
from apps.platform.web.refusals import HttpRefusal


class TestInsistOnMatch:
    @pytest.mark.parametrize("header", ['"7"', '"6", "7"', "*", ' "7" '])
    def test_goes_on_where_the_version_was_seen(self, header: str) -> None:
        insist_on_match(RequestFactory().patch("/", headers={"If-Match": header}), 7)

    @pytest.mark.parametrize("header", ['"6"', 'W/"7"', "7", '"77"'])
    def test_refuses_where_another_was(self, header: str) -> None:
        with pytest.raises(HttpRefusal) as refused:
            insist_on_match(RequestFactory().patch("/", headers={"If-Match": header}), 7)
        assert (refused.value.status, refused.value.headers) == (412, {"ETag": '"7"'})

    def test_asks_for_the_header(self) -> None:
        with pytest.raises(HttpRefusal) as refused:
            insist_on_match(RequestFactory().patch("/"), 7)
        assert (refused.value.status, refused.value.code) == (428, "precondition_required")
