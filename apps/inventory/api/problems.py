"""The HTTP status of each refusal of inventory."""

STATUSES = {
    "unknown_warehouse": 422,
    "unknown_product": 422,
    "stock_too_low": 409,
}
