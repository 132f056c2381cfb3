"""Columns of identifiers.

The gate of types fails here once it takes one thing's identifier for another's: each ignore would then be one
that nothing needs, which mypy takes for an error.
"""

from apps.kernel.identifiers import OrderId, PaymentId, new_id
from apps.payments.models import Payment


class TestAColumn:
    def test_holds_one_kind(self) -> None:
        payment = Payment()
        order_id: OrderId = payment.id  # type: ignore[assignment]
        payment.order_id = PaymentId(new_id())  # type: ignore[assignment]
        assert order_id == payment.id

    def test_may_be_empty_where_that_is_said(self) -> None:
        payment = Payment()
        payment.customer_id = None
        payment.order_id = None  # type: ignore[assignment]
        assert [
            name for name in ("customer_id", "order_id") if Payment._meta.get_field(name).null
        ] == ["customer_id"]
