"""Adyen, through its official SDK: Checkout payments with manual capture.

An authorisation is answered at once. A capture, cancel or refund is only taken; how it ends is told
by webhook, and what was told is kept with the messages. Adyen has no books that can be read: a call
whose answer is lost is looked up in what was told, and else made again with its key, which gives the
first answer for at least seven days.

A customer who had to approve the payment comes back with a `redirectResult`. It is kept like a
message and handed in by the next look-up: the bank's approval counts only then.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

import structlog
from django.conf import settings

from apps.kernel.clock import Clock, SystemClock
from apps.payments.adapters.adyen.amounts import AmountNotPayable, adyen_amount
from apps.payments.adapters.adyen.calls import AdyenCalls
from apps.payments.adapters.adyen.checkout import open_checkout
from apps.payments.adapters.adyen.messages import Postbox
from apps.payments.adapters.adyen.reports import AdyenReports, file_name
from apps.payments.adapters.adyen.settlements import read_settlement_report
from apps.payments.adapters.adyen.story import CAME_BACK, Story, Told
from apps.payments.adapters.adyen.transport import AdyenTransport
from apps.payments.adapters.adyen.verdicts import verdict_of
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    GatewayCall,
    GatewayMisused,
    GatewayUnavailable,
    NobodyAsked,
    NotSent,
    Outcome,
    ProviderMessage,
    ReportUnreadable,
    SettlementLine,
)
from apps.platform.cards.numbers import contains_card_number

CALL_SECONDS = 9.0
"""The limit of a whole call, all its requests together."""
KEY_LIFETIME = timedelta(days=6)
"""How long a key is relied on; Adyen may forget it after seven days."""
LIVE_DOMAIN = ".adyenpayments.com"
LONGEST_REDIRECT_RESULT = 10_000

log = structlog.get_logger(__name__)


class AdyenGateway:
    """Adyen as a payment gateway."""

    has_books: ClassVar[bool] = False

    def __init__(
        self,
        *,
        api_key: str,
        api_base: str,
        merchant_account: str,
        hmac_key: str,
        webhook_user: str = "",
        webhook_password: str = "",
        report_base: str = "",
        report_user: str = "",
        report_password: str = "",
        is_renewable: bool = False,
        connect_seconds: float = 1.0,
        read_seconds: float = 8.0,
        clock: Clock | None = None,
    ) -> None:
        """Take the account's secrets and the limits of one request; `api_base` ends in the version.

        `report_base` is the only address that reports are fetched from, as a report user of Adyen's;
        without one, by the key.
        `is_renewable` has payments authorised as ones that may be renewed, which costs more with some
        card schemes. Messages must be of the environment that the address is of: live at Adyen's live address.
        """
        api_base = api_base.rstrip("/")
        self._transport = AdyenTransport(
            api_base=api_base, connect_seconds=connect_seconds, read_seconds=read_seconds
        )
        self._calls = AdyenCalls(
            open_checkout(self._transport, api_base=api_base, api_key=api_key),
            merchant_account=merchant_account,
            is_renewable=is_renewable,
        )
        self._postbox = Postbox(
            merchant_account=merchant_account,
            hmac_key=hmac_key,
            user=webhook_user,
            password=webhook_password,
            is_live=(urlsplit(api_base).hostname or "").endswith(LIVE_DOMAIN),
        )
        self._merchant = merchant_account
        self._reports = AdyenReports(
            merchant_account=merchant_account,
            base=report_base,
            api_key=api_key,
            user=report_user,
            password=report_password,
            connect_seconds=connect_seconds,
            read_seconds=read_seconds,
        )
        self._clock = clock or SystemClock()

    @classmethod
    def from_settings(cls) -> Self:
        """Make the gateway that the settings describe."""
        return cls(
            api_key=settings.ADYEN_API_KEY,
            api_base=settings.ADYEN_API_BASE,
            merchant_account=settings.ADYEN_MERCHANT_ACCOUNT,
            hmac_key=settings.ADYEN_HMAC_KEY,
            webhook_user=settings.ADYEN_WEBHOOK_USER,
            webhook_password=settings.ADYEN_WEBHOOK_PASSWORD,
            report_base=settings.ADYEN_REPORT_BASE,
            report_user=settings.ADYEN_REPORT_USER,
            report_password=settings.ADYEN_REPORT_PASSWORD,
            is_renewable=settings.OMS_AUTHORISATION_ENDING == "renew",
        )

    def perform(self, call: GatewayCall) -> Outcome:
        """Make the call; making it again with its key gives the first answer again."""
        amount = _amount_of(call)
        with self._transport.within(CALL_SECONDS):
            return self._calls.make(call, amount)

    def look_up(self, call: GatewayCall) -> Outcome | None:
        """Find out how a call ended, by what Adyen has told.

        None where nothing was told and the key is still good: making the call again with it is the
        way to find out.

        Raises:
            NobodyAsked: the key may be forgotten, so only Adyen's news can tell.
        """
        amount = _amount_of(call)
        story = Story.read(call.told)
        found = verdict_of(call, story, amount)
        if found is None and call.kind is OperationKind.AUTHORIZE:
            found = self._hand_in(call, story, amount)
        if found is not None:
            return found
        if self._clock.now() - call.created_at < KEY_LIFETIME:
            return None
        raise NobodyAsked("adyen_key_too_old")

    def read_messages(
        self, body: bytes, headers: Mapping[str, str], now: datetime
    ) -> Sequence[ProviderMessage]:
        """Verify every item and read them; names of headers are expected in lower case.

        Adyen's signature does not say when it was made, so `now` judges nothing.
        """
        return self._postbox.read(body, headers)

    def read_return(self, query: Mapping[str, str]) -> Mapping[str, Any]:
        """Keep the result that the bank's page gave the customer along."""
        result = query.get("redirectResult", "")
        if not result.isprintable() or not 0 < len(result) <= LONGEST_REDIRECT_RESULT:
            return {}
        if contains_card_number(result.encode()):
            # The page is open to everybody, and what is brought along is kept.
            return {}
        return Told(event=CAME_BACK, success=False, redirect_result=result).as_facts()

    def route(self, method_token: str) -> str:
        """All calls share one gate: Adyen is up or down as a whole."""
        return "adyen"

    def list_settled(
        self, *, since: datetime, until: datetime, told: Sequence[Mapping[str, Any]]
    ) -> Iterator[SettlementLine]:
        """Fetch the settlement detail reports that Adyen has announced, each whole, and read their rows.

        Those that cannot be had or read keep none of the others back: they are named when those are read.
        """
        troubles: list[GatewayUnavailable | GatewayMisused | ReportUnreadable] = []
        named = []
        for address in self._reports.addresses(told):
            try:
                report = self._reports.fetch(address)
                # Read twice rather than kept: of one that cannot be read to its end nothing is given.
                deque(self.read_report(report), maxlen=0)
            except (GatewayUnavailable, GatewayMisused, ReportUnreadable) as trouble:
                troubles.append(trouble)
                named.append(f"{file_name(address)}: {trouble}")
                continue
            yield from self.read_report(report)
        if troubles:
            raise type(troubles[0])(" ".join(named)) from troubles[0]

    def read_report(self, body: bytes) -> Iterator[SettlementLine]:
        """Read a settlement detail report (CSV)."""
        return read_settlement_report(body, merchant_account=self._merchant)

    def _hand_in(self, call: GatewayCall, story: Story, amount: int) -> Outcome | None:
        """Finish the authorisation with what the customer brought back, if that is of any use."""
        with self._transport.within(CALL_SECONDS):
            for result in story.redirect_results():
                try:
                    return self._calls.hand_in(call, amount, result)
                except GatewayMisused as error:
                    log.warning("adyen_return_refused", error=str(error))
        return None


def _amount_of(call: GatewayCall) -> int:
    try:
        return adyen_amount(call.amount)
    except AmountNotPayable as error:
        raise NotSent(str(error)) from error
