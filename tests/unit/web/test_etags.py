"""Editing only what one has seen."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from apps.platform.web.etags import insist_on_match, version_seen
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


class TestVersionSeen:
    @pytest.mark.parametrize(("header", "seen"), [('"7"', 7), ("*", None), ('"6", *', None)])
    def test_is_what_the_caller_insists_on(self, header: str, seen: int | None) -> None:
        request = RequestFactory().patch("/", headers={"If-Match": header})
        assert version_seen(request, lambda: 7) == seen

    def test_is_none_and_nothing_is_read_where_nothing_is_said(self) -> None:
        def read() -> int:
            pytest.fail("nobody asked")

        assert version_seen(RequestFactory().patch("/"), read) is None

    def test_must_not_be_left_empty(self) -> None:
        with pytest.raises(HttpRefusal) as refused:
            version_seen(RequestFactory().patch("/", headers={"If-Match": ""}), lambda: 7)
        assert refused.value.status == 428
