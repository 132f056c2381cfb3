"""What Adyen's answer to an authorisation means."""

from apps.payments.adapters.adyen.declines import PARTIAL, declined, reason_of
from apps.payments.adapters.adyen.objects import PaymentAnswer
from apps.payments.ports import (
    Accepted,
    ActionRequired,
    Declined,
    Done,
    GatewayCall,
    GatewayMisused,
    Outcome,
    Undecided,
)

STILL_AT_IT = ("Pending", "Received")
REFUSED = ("Refused", "Cancelled", "Error")
ASKS_CUSTOMER = ("RedirectShopper", "IdentifyShopper", "ChallengeShopper", "PresentToShopper")


class HeldInPart(Exception):
    """Less than the amount is held; it has to be given back before the decline is an answer."""

    def __init__(self, reference: str) -> None:
        """Name the authorisation."""
        super().__init__("adyen_held_in_part")
        self.reference = reference

    @property
    def answer(self) -> Declined:
        """The answer once it is given back."""
        return declined(PARTIAL, "PartiallyAuthorised", reference=self.reference)


def payment_outcome(call: GatewayCall, answer: PaymentAnswer, amount: int) -> Outcome:
    """Read how an authorisation stands; `amount` is what was asked for, in Adyen's units.

    Raises:
        HeldInPart: see there.
        GatewayMisused: the customer is asked for something that no page can ask.
        Undecided: the answer says nothing that we know.
    """
    reference = answer.psp_reference or ""
    result = answer.result_code
    if result in ("Authorised", "PartiallyAuthorised"):
        if not reference:
            raise Undecided("adyen_no_reference")
        if result == "PartiallyAuthorised" or not _is_whole(call, answer, amount):
            raise HeldInPart(reference)
        return Done(reference=reference, brand=answer.brand, last4=answer.last4)
    if result in STILL_AT_IT:
        return Accepted(reference=reference or str(call.payment_id))
    if result in REFUSED:
        reason = reason_of(number=_number(answer), text=answer.refusal_reason)
        said = (answer.refusal_reason_code, answer.refusal_reason or result)
        return declined(reason, *said, reference=reference)
    if result in ASKS_CUSTOMER:
        # Nothing can be cancelled under Adyen's name for it, if there is one, before the customer
        # has been there; under our own name it can.
        return ActionRequired(reference=str(call.payment_id), redirect_url=_page(answer))
    raise Undecided("adyen_result_unknown")


def _is_whole(call: GatewayCall, answer: PaymentAnswer, amount: int) -> bool:
    held = answer.amount
    return held is None or (held.value, held.currency) == (amount, call.amount.currency)


def _number(answer: PaymentAnswer) -> str | None:
    """Give the number of the refusal; what the customer called off carries none."""
    cancelled = "15" if answer.result_code == "Cancelled" else None
    failed = "4" if answer.result_code == "Error" else None
    return answer.refusal_reason_code or cancelled or failed


def _page(answer: PaymentAnswer) -> str:
    action = answer.action
    is_page = action is not None and action.type == "redirect" and action.method in (None, "GET")
    if action is None or not is_page or not action.url:
        wanted = action.type if action is not None else "nothing"
        raise GatewayMisused(f"The payment waits for {wanted}, which has no page to go to.")
    return action.url
