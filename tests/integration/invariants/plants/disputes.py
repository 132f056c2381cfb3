"""Ways to break the invariants of disputes, each of one that is whole in itself but for one thing."""

from tests.integration.invariants.plants.planting import Plant

_CONFIRMED = "FROM payments_payment WHERE order_id = %(confirmed)s"


def _dispute(
    state: str,
    amount_minor: int,
    currency: str = "EUR",
    *,
    is_reversal: bool = False,
    taken: str = "{}",
) -> str:
    name = "rev_1" if is_reversal else "du_1"
    return f"""
        INSERT INTO payments_dispute (
            id, payment_id, provider, reference, amount_minor, currency, reason, state, opened_at,
            is_by_hand, is_reversal, taken)
        SELECT gen_random_uuid(), id, 'stripe', '{name}', {amount_minor}, '{currency}', 'fraudulent',
               '{state}', now(), false, {is_reversal}, '{taken}' {_CONFIRMED}"""


def _entry(from_account: str, to_account: str, amount_minor: int, operation: str = "NULL") -> str:
    return f"""
        INSERT INTO payments_ledgerentry (
            payment_id, operation_id, what, from_account, to_account, amount_minor, currency, actor, at)
        SELECT id, {operation}, 'Dispute', '{from_account}', '{to_account}', {amount_minor}, currency,
               'test', now() {_CONFIRMED}"""


def _counted(**sums_minor: int) -> str:
    columns = ", ".join(f"{name} = {amount}" for name, amount in sums_minor.items())
    return f"UPDATE payments_payment SET {columns} WHERE order_id = %(confirmed)s"


_LEDGER, _PAYMENT = "the_ledger_agrees_with_disputes", "a_payment_agrees_with_its_disputes"

DISPUTE_PLANTS = (
    Plant(
        invariant="a_reversal_stands_for_no_dispute",
        how="a dispute and a reversal both took the charge",
        statements=(
            _dispute("opened", 30, is_reversal=True),
            _dispute("opened", 70, taken='{"rev_1": 60}'),
        ),
        row={"reversal": "rev_1", "dispute": "du_1", "state": "opened", "taken_minor": 60},
    ),
    Plant(
        invariant="a_reversal_is_of_no_more_than_is_left",
        how="a reversal withholds more than was charged",
        statements=(_dispute("opened", 10_000, is_reversal=True),),
        row={"refunded_minor": 0, "opened": 10_000, "lost": 0},
    ),
    Plant(
        invariant="a_dispute_tells_of_no_more_than_it_is_about",
        how="a dispute took over more than it is about",
        statements=(_dispute("lost", 70, taken='{"rev_1": 60, "rev_2": 20}'),),
        row={"dispute": "du_1", "amount_minor": 70, "taken_minor": 80},
    ),
    Plant(
        invariant=_LEDGER,
        how="a dispute never came into the ledger",
        statements=(_dispute("opened", 70), _counted(disputed_minor=70)),
        row={"disputed": 0, "disputed_by_disputes": 70},
    ),
    Plant(
        invariant=_LEDGER,
        how="a lost dispute is still with the bank",
        statements=(
            _dispute("lost", 70),
            _entry("provider", "disputed", 70),
            _counted(lost_minor=70),
        ),
        row={"disputed": 70, "disputed_by_disputes": 0, "lost": 0, "lost_by_disputes": 70},
    ),
    Plant(
        invariant=_LEDGER,
        how="a won dispute went to the customer",
        statements=(
            _dispute("won", 70),
            _entry("provider", "disputed", 70),
            _entry("disputed", "customer", 70),
        ),
        row={"disputed": 0, "lost": 70, "lost_by_disputes": 0},
    ),
    Plant(
        invariant=_LEDGER,
        how="a dispute was paid by nobody",
        statements=(
            _dispute("opened", 70),
            _entry("fees", "disputed", 70),
            _counted(disputed_minor=70),
        ),
        row={"disputed": 70, "disputed_by_disputes": 70, "taken_from_provider": 0},
    ),
    Plant(
        invariant=_LEDGER,
        how="a call moved what only a dispute moves",
        statements=(_entry("provider", "disputed", 70, operation="id"),),
        row={"disputed": 70, "disputed_by_disputes": 0},
    ),
    Plant(
        invariant=_LEDGER,
        how="a dispute in another currency moved something",
        statements=(
            _dispute("opened", 70, currency="USD"),
            _entry("provider", "disputed", 70),
            _counted(disputed_minor=6460),
        ),
        row={"disputed": 70, "disputed_by_disputes": 0},
    ),
    Plant(
        invariant=_PAYMENT,
        how="what is disputed may go back",
        statements=(_dispute("opened", 70), _entry("provider", "disputed", 70)),
        row={"disputed_minor": 0, "disputed_by_disputes": 70},
    ),
    Plant(
        invariant=_PAYMENT,
        how="a loss was not counted",
        statements=(
            _dispute("lost", 70),
            _entry("provider", "customer", 70),
            _counted(disputed_minor=70),
        ),
        row={"disputed_minor": 70, "lost_minor": 0, "lost_by_disputes": 70},
    ),
    Plant(
        invariant=_PAYMENT,
        how="a dispute in another currency withholds a part alone",
        statements=(_dispute("lost", 70, currency="USD"), _counted(disputed_minor=70)),
        row={"disputed_minor": 70, "disputed_by_disputes": 6460, "lost_by_disputes": 0},
    ),
    Plant(
        invariant=_PAYMENT,
        how="something is withheld for no dispute",
        statements=(_counted(disputed_minor=70, lost_minor=70),),
        row={"disputed_minor": 70, "disputed_by_disputes": 0, "lost_minor": 70},
    ),
)
