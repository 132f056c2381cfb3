"""All invariants, in the order in which an operator wants to read them."""

from config.invariants.checking import Invariant
from config.invariants.disputes import DISPUTE_INVARIANTS
from config.invariants.documents import DOCUMENT_INVARIANTS
from config.invariants.events import list_event_invariants
from config.invariants.idempotency import IDEMPOTENCY_INVARIANTS
from config.invariants.messages import MESSAGE_INVARIANTS
from config.invariants.money import MONEY_INVARIANTS
from config.invariants.orders import list_order_invariants
from config.invariants.progress import PROGRESS_INVARIANTS
from config.invariants.saga import list_saga_invariants
from config.invariants.stock import STOCK_INVARIANTS


def list_invariants() -> list[Invariant]:
    """Give every invariant, those that hold only when nothing is under way last."""
    return sorted(
        [
            *list_event_invariants(),
            *list_order_invariants(),
            *list_saga_invariants(),
            *STOCK_INVARIANTS,
            *MONEY_INVARIANTS,
            *DISPUTE_INVARIANTS,
            *DOCUMENT_INVARIANTS,
            *MESSAGE_INVARIANTS,
            *IDEMPOTENCY_INVARIANTS,
            *PROGRESS_INVARIANTS,
        ],
        key=lambda invariant: invariant.only_when_settled,
    )
