"""Start the house of idempotency keys."""

from django.apps import AppConfig

from apps.platform.web.refusals import register_statuses


class IdempotencyConfig(AppConfig):
    """Tell the API which statuses our refusals have."""

    name = "apps.platform.idempotency"
    label = "platform_idempotency"
    verbose_name = "idempotency keys"

    def ready(self) -> None:
        """Register the statuses."""
        register_statuses(
            {
                "idempotency_key_missing": 400,
                "idempotency_key_invalid": 400,
                "idempotency_key_reused": 422,
                "request_in_flight": 409,
            }
        )
