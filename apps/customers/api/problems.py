"""The HTTP status of each refusal of customers."""

STATUSES: dict[str, int] = {
    "customer_not_found": 404,
    "email_taken": 409,
    "invalid_profile": 422,
    "customer_has_changed": 412,
    "address_not_found": 404,
    "address_has_changed": 412,
    "too_many_addresses": 409,
    "payment_method_not_found": 404,
    "invalid_payment_method": 422,
    "too_many_payment_methods": 409,
}
