"""What customers says no to."""

from apps.kernel.errors import DomainError


class CustomerNotFound(DomainError):
    """There is no such customer. Check the id."""

    code = "customer_not_found"


class EmailTaken(DomainError):
    """Another customer has this email address, in whatever case. Use another one."""

    code = "email_taken"


class InvalidProfile(DomainError):
    """A part of a profile cannot be kept as it is; the context's `pointer` names it. Correct it."""

    code = "invalid_profile"


class CustomerHasChanged(DomainError):
    """The profile is not the one that was seen any more. Read it again and decide anew."""

    code = "customer_has_changed"


class AddressNotFound(DomainError):
    """The customer has no such address. List the addresses."""

    code = "address_not_found"


class AddressHasChanged(DomainError):
    """The address is not the one that was seen any more. Read it again and decide anew."""

    code = "address_has_changed"


class TooManyAddresses(DomainError):
    """The customer has as many addresses as one may have. Delete one first."""

    code = "too_many_addresses"


class PaymentMethodNotFound(DomainError):
    """The customer has no such payment method. List the payment methods."""

    code = "payment_method_not_found"


class InvalidPaymentMethod(DomainError):
    """A part of a payment method is not what it should be; `pointer` names it. Correct it."""

    code = "invalid_payment_method"


class TooManyPaymentMethods(DomainError):
    """The customer has as many payment methods as one may have. Delete one first."""

    code = "too_many_payment_methods"
