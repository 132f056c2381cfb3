"""Django's entry for customers."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """Tells the API how the refusals of customers are answered."""

    name = "apps.customers"
    label = "customers"

    def ready(self) -> None:
        """Wire the app."""
        from apps.customers.api.problems import STATUSES
        from apps.platform.web.refusals import register_statuses

        register_statuses(STATUSES)
