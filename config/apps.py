"""Django's entry for what knows all contexts: demo data and checks across them."""

from django.apps import AppConfig


class CompositionConfig(AppConfig):
    """Makes the commands of the composition root available."""

    name = "config"
    label = "composition"
