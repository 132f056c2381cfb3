"""Read what Adyen tells us of its own accord."""

from collections.abc import Mapping

import msgspec

from apps.kernel.decoding import decode
from apps.kernel.identifiers import read_id
from apps.kernel.money import UnknownCurrency
from apps.payments.adapters.adyen.amounts import minor_units
from apps.payments.adapters.adyen.objects import Amount, Item, Letter, brand_name, last_four
from apps.payments.adapters.adyen.requests import names_in
from apps.payments.adapters.adyen.signatures import is_password, is_signed
from apps.payments.adapters.adyen.story import (
    ADJUSTMENT,
    AUTHORISATION,
    CANCEL_OR_REFUND,
    CANCELLATION,
    CAPTURE,
    EXPIRE,
    REFUND,
    REPORT_AVAILABLE,
    TECHNICAL_CANCEL,
    Told,
)
from apps.payments.adapters.texts import LONGEST_TEXT, kept, text_at
from apps.payments.domain.disputes import DisputeState
from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import DisputeNews, MessageRefused, ProviderMessage, RefundNews

SETBACKS = {
    "CAPTURE_FAILED": OperationKind.CAPTURE,
    "REFUND_FAILED": OperationKind.REFUND,
    "REFUNDED_REVERSED": OperationKind.REFUND,
    EXPIRE: OperationKind.AUTHORIZE,
}
"""What it says of something whose success did not last, and of which kind of call."""
CANCELS = frozenset({CANCELLATION, TECHNICAL_CANCEL, CANCEL_OR_REFUND})
"""Somebody may have called a payment off at Adyen's own desk; one that we dropped says so, too."""
ENDS_OF_CALLS = frozenset(
    {ADJUSTMENT, AUTHORISATION, CANCELLATION, CAPTURE, REFUND, TECHNICAL_CANCEL}
)
"""What tells how a call of ours ended."""
DISPUTES = {
    "NOTIFICATION_OF_CHARGEBACK": DisputeState.OPENED,
    "CHARGEBACK": DisputeState.OPENED,
    "CHARGEBACK_REVERSED": DisputeState.WON,
    "SECOND_CHARGEBACK": DisputeState.LOST,
}
"""What each means for a dispute. One that nobody defends stays open here: Adyen says no more of it."""
LONGEST_ADDRESS = 2000
PARTS_OF_REASON = 3


class Postbox:
    """Takes webhooks for one merchant account."""

    def __init__(
        self, *, merchant_account: str, hmac_key: str, user: str, password: str, is_live: bool
    ) -> None:
        """Take what proves a message; without a `user` no password is asked for."""
        self._merchant = merchant_account
        self._key = hmac_key
        self._user, self._password = user, password
        self._is_live = is_live

    def read(self, body: bytes, headers: Mapping[str, str]) -> list[ProviderMessage]:
        """Verify the items of a webhook, every one of them, and read them.

        Raises:
            MessageRefused: password or a signature is wrong, it is from the other environment (test
                or live), or it cannot be read.
        """
        self._insist_on_password(headers.get("authorization", ""))
        try:
            letter = decode(body, Letter)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise MessageRefused("The message cannot be read.") from error
        if letter.is_live != self._is_live:
            raise MessageRefused("The message is from another environment.")
        items = [wrapper.item for wrapper in letter.notification_items]
        if not items or not all(is_signed(item, self._key) for item in items):
            raise MessageRefused("The signature is not Adyen's.")
        return [self._message(item) for item in items]

    def _insist_on_password(self, header: str) -> None:
        if self._user and not is_password(header, user=self._user, password=self._password):
            raise MessageRefused("The password is not the one we gave to Adyen.")

    def _message(self, item: Item) -> ProviderMessage:
        event_id = f"{item.psp_reference}:{item.event_code}:{item.success_text}"
        is_report = item.event_code == REPORT_AVAILABLE
        if item.merchant_account_code != self._merchant and not is_report:
            # Another shop of the same company: what it is about is none of our business.
            return ProviderMessage(
                event_id=event_id, kind=item.event_code, reference="", payment_id=None
            )
        payment_id, operation = names_in(item.merchant_reference or "")
        told = _told(item, operation)
        return ProviderMessage(
            event_id=event_id,
            kind=item.event_code,
            reference=_payment_reference(item),
            payment_id=payment_id,
            setback_of=OperationKind.AUTHORIZE if _is_cancel(told) else SETBACKS.get(told.event),
            call_reference=item.psp_reference if item.original_reference else "",
            facts=told.as_facts(),
            dispute=_dispute(item, told),
            refund=_refund(item, told),
            was_done=told.success if told.event in ENDS_OF_CALLS else None,
        )


def _dispute(item: Item, told: Told) -> DisputeNews | None:
    """Read what happens to a chargeback; a mere notification has taken no money yet, but will."""
    state = DISPUTES.get(told.event)
    if state is None or not told.success:
        return None
    try:
        amount = minor_units(told.value, told.currency)
    except UnknownCurrency:
        amount = 0
    return DisputeNews(
        reference=item.psp_reference,
        state=state,
        amount_minor=amount,
        reason=told.reason,
        currency=told.currency,
    )


def _refund(item: Item, told: Told) -> RefundNews | None:
    """Read a refund that was made; the reference of ours names the call, that of Adyen's desk does not.

    What is in a currency that nobody knows is left to the comparison with Adyen's reports.
    """
    is_refund = told.event == REFUND or (told.event == CANCEL_OR_REFUND and told.action == "refund")
    if not is_refund or not told.success:
        return None
    try:
        amount = minor_units(told.value, told.currency)
    except UnknownCurrency:
        return None
    return RefundNews(
        reference=item.psp_reference,
        amount_minor=amount,
        currency=told.currency,
        operation_id=read_id(OperationId, told.operation),
    )


def _payment_reference(item: Item) -> str:
    """Give Adyen's name of the payment; a report, or what is new to us, may have none."""
    if item.original_reference:
        return item.original_reference
    return item.psp_reference if item.event_code == AUTHORISATION else ""


def _is_cancel(told: Told) -> bool:
    return told.event in CANCELS and told.success and told.action != "refund"


def _told(item: Item, operation: str) -> Told:
    more, amount = item.additional_data or {}, item.amount or Amount()
    is_authorised = item.event_code == AUTHORISATION and item.success_text == "true"
    return Told(
        event=item.event_code,
        success=item.success_text == "true",
        psp_reference=item.psp_reference,
        original_reference=item.original_reference or "",
        operation=operation,
        value=amount.value or 0,
        currency=kept(amount.currency or ""),
        # Of an authorisation it is no reason but the card's number in part, and its expiry.
        reason="" if is_authorised else kept(text_at(item.reason), _longest(item)),
        action=kept(str(more.get("modification.action", ""))),
        brand=kept(brand_name(text_at(item.payment_method))) if is_authorised else "",
        last4=_last4(item) if is_authorised else "",
    )


def _longest(item: Item) -> int:
    return LONGEST_ADDRESS if item.event_code == REPORT_AVAILABLE else LONGEST_TEXT


def _last4(item: Item) -> str:
    """Read the last four digits from the summary, else from `authcode:1111:03/2030`."""
    parts = text_at(item.reason).split(":")
    middle = parts[1] if len(parts) == PARTS_OF_REASON else ""
    return last_four((item.additional_data or {}).get("cardSummary")) or last_four(middle)
