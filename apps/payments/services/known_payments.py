"""Find the payments that a provider speaks of: by our id, where it carries that along, or by its own name."""

from collections.abc import Collection

from django.db.models import Q

from apps.kernel.identifiers import PaymentId
from apps.payments.models import Payment


class KnownPayments:
    """The payments among those that were spoken of, read once. Those of one provider are no other's."""

    def __init__(self, *, ids: Collection[PaymentId | None], references: Collection[str]) -> None:
        """Read the payments of these ids, and those whose authorisation goes by these names."""
        self._ids: set[tuple[str, PaymentId]] = set()
        self._by_name: dict[tuple[str, str], PaymentId] = {}
        spoken_of = Q(id__in=set(ids) - {None}) | Q(authorization__in=set(references) - {""})
        for payment_id, provider, authorization in Payment.objects.filter(spoken_of).values_list(
            "id", "provider", "authorization"
        ):
            self._ids.add((provider, payment_id))
            if authorization:
                self._by_name[provider, authorization] = payment_id

    def by_id(self, provider: str, payment_id: PaymentId | None) -> PaymentId | None:
        """Give the id back if it is that of a payment through this provider."""
        return payment_id if (provider, payment_id) in self._ids else None

    def by_name(self, provider: str, reference: str) -> PaymentId | None:
        """Give the payment whose authorisation the provider calls so."""
        return self._by_name.get((provider, reference))
