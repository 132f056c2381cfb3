"""Django's entry for customers."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """Tells the API how the refusals of customers are answered, and the back office how to find them."""

    name = "apps.customers"
    label = "customers"

    def ready(self) -> None:
        """Wire the app."""
        from apps.customers.api.problems import STATUSES
        from apps.customers.queries import find_customer_ids
        from apps.platform.backoffice.finding import register_customer_finder
        from apps.platform.web.refusals import register_statuses

        register_statuses(STATUSES)
        register_customer_finder(find_customer_ids, permission="customers.view_customer")
