"""The HTTP status of each refusal of payments."""

STATUSES = {
    "payment_not_found": 404,
    "unknown_provider": 404,
    "webhook_refused": 400,
    "webhook_undecided": 503,
    "payment_not_ready": 409,
    "invalid_capture": 422,
}
