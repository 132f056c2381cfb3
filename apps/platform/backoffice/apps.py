"""Django's entry for the back office."""

from django.apps import AppConfig


class BackofficeConfig(AppConfig):
    """Makes the templates and styles of the back office available."""

    name = "apps.platform.backoffice"
    label = "platform_backoffice"
    verbose_name = "Back office"
