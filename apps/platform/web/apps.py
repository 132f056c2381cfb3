"""Start the house of the API conventions."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Make the `issue_token` command and the schema's knowledge of our types available."""

    name = "apps.platform.web"
    label = "platform_web"
    verbose_name = "API conventions"

    def ready(self) -> None:
        """Let drf-spectacular find our extensions, which register themselves on import."""
        from apps.platform.web import schema  # noqa: F401 - needs the loaded settings
