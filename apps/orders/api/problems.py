"""The HTTP status of each refusal of orders."""

STATUSES = {
    "order_not_found": 404,
    "unknown_sku": 422,
    "product_inactive": 422,
    "price_changed": 409,
    "unsupported_choice": 422,
    "no_provider_fits": 422,
    "invalid_items": 422,
    "too_many_lines": 422,
    "quantity_out_of_range": 422,
    "illegal_transition": 409,
    "foreign_customer": 403,
    "nothing_to_refund": 409,
    "invalid_refund": 422,
}
