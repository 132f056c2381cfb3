"""What payments says no to."""

from apps.kernel.errors import DomainError


class PaymentNotFound(DomainError):
    """There is no such payment. Check the id."""

    code = "payment_not_found"


class WebhookRefused(DomainError):
    """A provider's message is not signed as it has to be, too old, or cannot be read or kept. Nothing was stored."""

    code = "webhook_refused"


class WebhookUndecided(DomainError):
    """Whether the message is the provider's cannot be found out now. Nothing was stored; send it again."""

    code = "webhook_undecided"


class UnknownProvider(DomainError):
    """No gateway of that name is set up. Choose one that is."""

    code = "unknown_provider"


class NotPossibleNow(DomainError):
    """The payment's status does not allow this; the context names the status."""

    code = "payment_not_ready"


class InvalidCapture(DomainError):
    """Nothing, or more than was authorised, is to be captured. Ask for another amount."""

    code = "invalid_capture"
