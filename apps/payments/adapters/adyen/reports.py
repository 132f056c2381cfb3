"""Fetch the reports that Adyen has announced by webhook."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from urllib3 import BaseHTTPResponse, make_headers
from urllib3.exceptions import HTTPError

from apps.payments.adapters.adyen.story import REPORT_AVAILABLE, Story
from apps.payments.adapters.connections import Connections
from apps.payments.ports import GIVEN_UP, GatewayMisused, GatewayUnavailable, NothingAnnounced

SETTLEMENT_REPORT = "settlement_detail_report"
"""How the names of the files begin that we go by."""
LARGEST_REPORT_BYTES = 512 * 1024 * 1024
PART_BYTES = 1024 * 1024
LONGEST_NAME = 100


class AdyenReports:
    """Fetches files from one address. Safe for many threads."""

    def __init__(
        self,
        *,
        merchant_account: str,
        base: str,
        api_key: str,
        user: str,
        password: str,
        connect_seconds: float,
        read_seconds: float,
    ) -> None:
        """Take the address that all reports are below, and who fetches them: a report user, or the key."""
        self._merchant = merchant_account
        self._base = f"{base.rstrip('/')}/"
        self._headers = (
            make_headers(basic_auth=f"{user}:{password}") if user else {"X-API-Key": api_key}
        )
        self._connections = Connections(
            base_url=base, connect_seconds=connect_seconds, read_seconds=read_seconds
        )

    def addresses(self, told: Sequence[Mapping[str, Any]]) -> list[str]:
        """Name the settlement detail reports that were announced, the oldest first; others are passed over.

        Raises:
            NothingAnnounced: none was announced, or none of ours.
            GatewayUnavailable: all of ours were given up.
        """
        still_due = _addresses([one for one in told if not one.get(GIVEN_UP)])
        ours = [one for one in dict.fromkeys(still_due) if self._may_be_ours(one)]
        if not ours:
            raise self._why_none(_addresses(told))
        return ours

    def _why_none(self, announced: Sequence[str]) -> GatewayUnavailable:
        if not announced:
            return NothingAnnounced(
                "Adyen has announced no report; are the settlement detail report and its webhook switched on?"
            )
        if not any(map(self._may_be_ours, announced)):
            return NothingAnnounced(
                f"Adyen has announced reports of other merchant accounts only; is {self._merchant} ours, "
                "and the settlement detail report switched on for it?"
            )
        return GatewayUnavailable(
            "Every report that Adyen has announced was given up; the next one is waited for."
        )

    def _may_be_ours(self, address: str) -> bool:
        """Tell a report of another merchant account by its address; those of a company name none."""
        _, names_one, rest = address.partition("/MerchantAccount/")
        return not names_one or unquote(rest.partition("/")[0]) == self._merchant

    def fetch(self, address: str) -> bytes:
        """Give one report, whole.

        Raises:
            GatewayUnavailable: it cannot be fetched now.
            GatewayMisused: it is not where reports are, or not for us.
        """
        # The address is not signed, and what we send along opens more than this file.
        if not address.startswith(self._base) or ".." in address:
            raise GatewayMisused(f"A report is not below {self._base}, see ADYEN_REPORT_BASE.")
        try:
            answer = self._connections.send("GET", address, headers=self._headers, in_parts=True)
            body = _whole(answer)
        except HTTPError as error:
            raise GatewayUnavailable("adyen_report_unreachable") from error
        if answer.status in (401, 403, 404):
            raise GatewayMisused(f"Adyen does not give the report: HTTP {answer.status}.")
        if answer.status != 200:
            raise GatewayUnavailable(f"adyen_report_http_{answer.status}")
        return body


def _addresses(told: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        one.reason
        for one in Story.read(told).successes(REPORT_AVAILABLE)
        if one.psp_reference.startswith(SETTLEMENT_REPORT)
    ]


def file_name(address: str) -> str:
    """Give what a person calls a report, whose address anybody may have written."""
    return address.rpartition("/")[2][:LONGEST_NAME]


def _whole(answer: BaseHTTPResponse) -> bytes:
    found = bytearray()
    try:
        for part in answer.stream(PART_BYTES):
            found += part
            if len(found) > LARGEST_REPORT_BYTES:
                raise GatewayMisused("A report is larger than half a gigabyte.")
    finally:
        # What is left of it is not read, so that the connection is good for nothing more.
        answer.close()
    return bytes(found)
