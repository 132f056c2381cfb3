"""Start the house of the API conventions."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Make the `issue_token` command available."""

    name = "apps.platform.web"
    label = "platform_web"
    verbose_name = "API conventions"
