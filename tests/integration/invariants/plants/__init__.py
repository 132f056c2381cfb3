"""For each invariant, at least one way to break it by hand; a file for each of `config.invariants`."""

from tests.integration.invariants.plants.disputes import DISPUTE_PLANTS
from tests.integration.invariants.plants.documents import DOCUMENT_PLANTS
from tests.integration.invariants.plants.events import EVENT_PLANTS
from tests.integration.invariants.plants.idempotency import IDEMPOTENCY_PLANTS
from tests.integration.invariants.plants.messages import MESSAGE_PLANTS
from tests.integration.invariants.plants.money import MONEY_PLANTS
from tests.integration.invariants.plants.orders import ORDER_PLANTS
from tests.integration.invariants.plants.planting import Plant
from tests.integration.invariants.plants.progress import PROGRESS_PLANTS
from tests.integration.invariants.plants.saga import SAGA_PLANTS
from tests.integration.invariants.plants.stock import STOCK_PLANTS

__all__ = ["PLANTS", "Plant"]

PLANTS = (
    *EVENT_PLANTS,
    *ORDER_PLANTS,
    *SAGA_PLANTS,
    *STOCK_PLANTS,
    *MONEY_PLANTS,
    *DISPUTE_PLANTS,
    *DOCUMENT_PLANTS,
    *MESSAGE_PLANTS,
    *IDEMPOTENCY_PLANTS,
    *PROGRESS_PLANTS,
)
