"""What a provider must be able to do."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol

from apps.payments.ports.calls import GatewayCall, Outcome
from apps.payments.ports.messages import ProviderMessage
from apps.payments.ports.settlements import SettlementLine


class PaymentGateway(Protocol):
    """One payment provider.

    Adapters hold no state of ours and are called from many threads. Every call
    ends within 10 seconds. Making a call again with its key does nothing twice.

    Where it `has_books`, what they do not show was not done. Else that only means that nothing was told
    yet: a call whose answer was lost may have been made all the same.
    """

    has_books: ClassVar[bool]

    def perform(self, call: GatewayCall) -> Outcome:
        """Make the call: authorise, capture, void, refund or renew.

        A decline is an answer, not an error. A renewal has the whole amount held for longer.

        Raises:
            GatewayUnavailable: nothing happened.
            OutcomeUnknown: it may have happened.
            GatewayMisused: the provider does not accept the call at all.
        """

    def look_up(self, call: GatewayCall) -> Outcome | None:
        """Find out how a call ended; None when the provider has never seen it or it is undecided.

        After None the call is made again with its key. One that the provider is at is answered with
        `Accepted`, or raises `OutcomeUnknown` where not even that is known. A charge of the payment is the
        answer to a capture, whoever made it and whatever its amount.

        Raises:
            GatewayUnavailable: the provider does not answer.
            OutcomeUnknown: the provider is still at it.
            GatewayMisused: the provider knows no such payment, or somebody else did something else
                with it.
        """

    def read_messages(
        self, body: bytes, headers: Mapping[str, str], now: datetime
    ) -> Sequence[ProviderMessage]:
        """Verify a webhook over its raw bytes and read the messages in it, one or more.

        Raises:
            MessageRefused: it is not the provider's, is too old, or cannot be read.
        """

    def read_return(self, query: Mapping[str, str]) -> Mapping[str, Any]:
        """Say what to keep of the query with which a provider's page sent a customer back.

        It proves nothing, for anybody may have written it. It becomes one of the `told` of the next
        look-up; empty where the provider needs nothing of it.
        """

    def route(self, method_token: str) -> str:
        """Name the gate (breaker and bulkhead) that calls for this token go through."""

    def list_settled(
        self, *, since: datetime, until: datetime, told: Sequence[Mapping[str, Any]]
    ) -> Iterator[SettlementLine]:
        """Read what the provider settled from one instant to another, page by page, in any order.

        Lines of before and after may come along, and a line may come again. `told` are the facts of
        messages that concern no payment, for providers who announce their reports; one with `GIVEN_UP`
        is not asked for. What does not concern us, such as payouts, is left out. Pages are fetched as
        they are wanted, each within 10 seconds.

        Raises:
            GatewayUnavailable: the provider does not answer, or has no report yet.
            NothingAnnounced: it announces its reports, and `told` has none of ours.
            GatewayMisused: the provider does not accept the request.
            ReportUnreadable: the answer holds what cannot be read exactly.
        """

    def read_report(self, body: bytes) -> Iterator[SettlementLine]:
        """Read a report that was saved as a file, in the provider's own format.

        Raises:
            ReportUnreadable: it is none.
        """
