"""Requests to Adyen: sent by its SDK, read by us.

The SDK knows the addresses, the key's header and how to name itself. It would also raise an error with
everything in it that was sent; we take the answer out of it, whatever it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import Adyen
from Adyen.exceptions import AdyenAPIResponseError

from apps.payments.adapters.adyen.requests import Document
from apps.payments.adapters.adyen.transport import AdyenTransport
from apps.payments.ports import OutcomeUnknown

TRANSIENT_HEADER = "transient-error"

Method = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """An answer as it came; `is_transient` says that Adyen wants the same request again."""

    status: int
    body: str
    is_transient: bool = False


def open_checkout(transport: AdyenTransport, *, api_base: str, api_key: str) -> Any:
    """Give the SDK's Checkout API at an address that ends in the version, over our own transport.

    The SDK would send a live address to the test system, or the other way round, if it took itself
    to be on the other side.
    """
    client = Adyen.AdyenClient(
        xapikey=api_key,
        platform="live" if "-live" in api_base else "test",
        # It is part of the address already, and only has to be there.
        live_endpoint_prefix="",
    )
    client.http_client, client.http_init = transport, True
    checkout = Adyen.AdyenCheckoutApi(client=client)
    for api in (checkout.payments_api, checkout.modifications_api):
        api.baseUrl = api_base
    return checkout


def send(method: Method, document: Document, *names: str, key: str) -> RawAnswer:
    """Send a document by one of the SDK's methods, once per key; `names` go into the address.

    Raises:
        GatewayUnavailable, OutcomeUnknown, GatewayMisused: see the transport.
    """
    quoted = [quote(name, safe="") for name in names]
    try:
        result = method(document, *quoted, idempotency_key=key)
    except AdyenAPIResponseError as error:
        header = str(error.headers.get(TRANSIENT_HEADER, ""))
        return RawAnswer(
            status=error.status_code,
            body=error.raw_response,
            is_transient=header.lower() == "true",
        )
    except (ValueError, RecursionError):
        # Its reader of JSON gives up on what ours can still skip.
        raise OutcomeUnknown("adyen_answer_unreadable") from None
    return RawAnswer(status=result.status_code, body=result.raw_response)
