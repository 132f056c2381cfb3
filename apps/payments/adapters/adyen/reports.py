"""Fetch the reports that Adyen has announced by webhook."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import requests

from apps.payments.adapters.adyen.story import REPORT_AVAILABLE, Story
from apps.payments.adapters.connections import Connections
from apps.payments.ports import GatewayMisused, GatewayUnavailable

SETTLEMENT_REPORT = "settlement_detail_report"
"""How the names of the files begin that we go by."""
LARGEST_REPORT_BYTES = 512 * 1024 * 1024
PART_BYTES = 1024 * 1024


class AdyenReports:
    """Fetches files from one address. Safe for many threads."""

    def __init__(
        self,
        *,
        base: str,
        api_key: str,
        user: str,
        password: str,
        connect_seconds: float,
        read_seconds: float,
    ) -> None:
        """Take the address that all reports are below, and who fetches them: a report user, or the key."""
        self._base = f"{base.rstrip('/')}/"
        self._auth = (user, password) if user else None
        self._headers = {} if user else {"X-API-Key": api_key}
        self._connections = Connections(
            base_url=base, connect_seconds=connect_seconds, read_seconds=read_seconds
        )

    def fetch(self, told: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
        """Give the settlement detail reports that were announced, the oldest first; others are passed over.

        Raises:
            GatewayUnavailable: none was announced, or one cannot be fetched now.
            GatewayMisused: one is not where reports are, or not for us.
        """
        announced = [
            one.reason
            for one in Story.read(told).successes(REPORT_AVAILABLE)
            if one.psp_reference.startswith(SETTLEMENT_REPORT)
        ]
        if not announced:
            raise GatewayUnavailable("adyen_no_report_announced")
        for address in dict.fromkeys(announced):
            yield self._get(address)

    def _get(self, address: str) -> bytes:
        # The address is not signed, and what we send along opens more than this file.
        if not address.startswith(self._base) or ".." in address:
            raise GatewayMisused(f"A report is not below {self._base}, see ADYEN_REPORT_BASE.")
        try:
            answer = self._connections.session().get(
                address,
                auth=self._auth,
                headers=self._headers,
                timeout=self._connections.limits(),
                allow_redirects=False,
                stream=True,
            )
            body = _whole(answer)
        except requests.RequestException as error:
            raise GatewayUnavailable("adyen_report_unreachable") from error
        if answer.status_code in (401, 403, 404):
            raise GatewayMisused(f"Adyen does not give the report: HTTP {answer.status_code}.")
        if answer.status_code != 200:
            raise GatewayUnavailable(f"adyen_report_http_{answer.status_code}")
        return body


def _whole(answer: requests.Response) -> bytes:
    found = bytearray()
    for part in answer.iter_content(PART_BYTES):
        found += part
        if len(found) > LARGEST_REPORT_BYTES:
            raise GatewayMisused("A report is larger than half a gigabyte.")
    return bytes(found)
