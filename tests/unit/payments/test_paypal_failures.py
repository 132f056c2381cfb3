"""What a refused request to PayPal means for the call it was made for."""

import json

import pytest

from apps.payments.adapters.paypal.failures import (
    NotPossible,
    failure_of_change,
    failure_of_reading,
    insisting,
    reading_midway,
)
from apps.payments.adapters.paypal.transport import Answer
from apps.payments.ports import GatewayMisused, GatewayUnavailable, LockedOut, OutcomeUnknown

CUSTOMERS = "INSTRUMENT_DECLINED"
OURS = "INVALID_PARAMETER_VALUE"


def answer(status: int, *issues: str, **said: object) -> Answer:
    details = [{"issue": one, "description": "wallet_secret"} for one in issues]
    return Answer(status=status, body=json.dumps({"details": details, **said}).encode())


class TestAFailure:
    @pytest.mark.parametrize(
        ("status", "issue", "of_change", "of_reading"),
        [
            (400, OURS, NotPossible, NotPossible),
            (404, "RESOURCE_NOT_FOUND", NotPossible, NotPossible),
            (422, CUSTOMERS, NotPossible, NotPossible),
            (422, OURS, NotPossible, NotPossible),
            (401, "", LockedOut, LockedOut),
            # 403 is the account's, unless it names what is the customer's to hear.
            (403, "PERMISSION_DENIED", LockedOut, LockedOut),
            (403, CUSTOMERS, NotPossible, LockedOut),
            (429, "", GatewayUnavailable, GatewayUnavailable),
            # A request with the same key is under way.
            (409, "", OutcomeUnknown, GatewayUnavailable),
            (500, "", OutcomeUnknown, GatewayUnavailable),
            (503, CUSTOMERS, OutcomeUnknown, GatewayUnavailable),
            (302, "", OutcomeUnknown, GatewayUnavailable),
        ],
    )
    def test_of_a_change_may_leave_it_open_and_of_reading_never(
        self,
        status: int,
        issue: str,
        of_change: type[Exception],
        of_reading: type[Exception],
    ) -> None:
        said = answer(status, *([issue] if issue else []))
        assert type(failure_of_change(said)) is of_change
        assert type(failure_of_reading(said)) is of_reading

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"<html>", b'{"details": 7}'])
    def test_may_be_told_by_no_json_at_all(self, body: bytes) -> None:
        found = failure_of_change(Answer(status=422, body=body))
        assert isinstance(found, NotPossible)
        assert (found.issue, found.is_decline) == ("", False)
        assert str(found) == "refused (HTTP 422), request unknown"


class TestARefusal:
    @pytest.mark.parametrize(
        ("issues", "issue", "is_decline"),
        [
            ((CUSTOMERS,), CUSTOMERS, True),
            ((OURS,), OURS, False),
            # Whatever else is wrong, what the customer is to hear comes first.
            ((OURS, CUSTOMERS), CUSTOMERS, True),
            ((OURS, "MISSING_REQUIRED_PARAMETER"), OURS, False),
            (("", CUSTOMERS), CUSTOMERS, True),
            ((), "UNPROCESSABLE_ENTITY", False),
        ],
    )
    def test_has_one_reason(self, issues: tuple[str, ...], issue: str, is_decline: bool) -> None:
        found = failure_of_change(answer(422, *issues, name="UNPROCESSABLE_ENTITY"))
        assert isinstance(found, NotPossible)
        assert (found.issue, found.is_decline) == (issue, is_decline)

    @pytest.mark.parametrize(("status", "is_unknown"), [(404, True), (422, False), (400, False)])
    def test_says_whether_paypal_knows_what_it_is_about(
        self, status: int, is_unknown: bool
    ) -> None:
        found = failure_of_reading(answer(status))
        assert isinstance(found, NotPossible)
        assert found.names_nothing_known is is_unknown

    @pytest.mark.parametrize(
        ("links", "url"),
        [
            ([], ""),
            ([{"rel": "self", "href": "https://api/"}], ""),
            (
                [
                    {"rel": "self", "href": "https://api/"},
                    {"rel": "redirect", "href": "https://paypal/again"},
                    {"rel": "redirect", "href": "https://paypal/other"},
                ],
                "https://paypal/again",
            ),
        ],
    )
    def test_names_the_page_where_another_way_to_pay_is_chosen(
        self, links: list[dict[str, str]], url: str
    ) -> None:
        found = failure_of_change(answer(422, CUSTOMERS, links=links))
        assert isinstance(found, NotPossible)
        assert found.redirect_url == url

    def test_is_named_without_what_was_sent(self) -> None:
        found = failure_of_change(answer(422, OURS, CUSTOMERS, debug_id="d7"))
        assert str(found) == f"{OURS}, {CUSTOMERS} (HTTP 422), request d7"


class TestBooks:
    @pytest.mark.parametrize("error", [GatewayUnavailable("away"), LockedOut("key")])
    def test_that_do_not_open_midway_leave_the_call_open(self, error: Exception) -> None:
        with pytest.raises(OutcomeUnknown, match="paypal_books_unavailable"), reading_midway():
            raise error

    def test_that_know_nothing_of_it_are_a_fault_of_ours_where_they_must(self) -> None:
        with pytest.raises(GatewayMisused, match="RESOURCE_NOT_FOUND"), insisting():
            raise failure_of_reading(answer(404, "RESOURCE_NOT_FOUND"))

    def test_that_do_not_open_are_no_fault_of_ours(self) -> None:
        with pytest.raises(GatewayUnavailable, match="paypal_http_500"), insisting():
            raise failure_of_reading(answer(500))
