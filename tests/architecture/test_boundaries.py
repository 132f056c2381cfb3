"""What import-linter cannot see: the contexts stay strangers in the database and in the docs too."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.db import models

from apps.platform.outbox.event_map import as_mermaid, as_text

ROOT = Path(__file__).resolve().parents[2]
CONTEXTS = ("customers", "inventory", "notifications", "orders", "payments")


def context_of(model: type[models.Model]) -> str:
    return model.__module__.split(".")[1] if model.__module__.startswith("apps.") else ""


def relations_across(found: Iterable[type[models.Model]]) -> list[str]:
    """Name every relation from a model of one context to a model of another."""
    return [
        f"{model.__name__}.{field.name} → {field.related_model.__name__}"
        for model in found
        for field in model._meta.get_fields()
        if field.is_relation and isinstance(field.related_model, type)
        if {context_of(model), context_of(field.related_model)} <= set(CONTEXTS)
        if context_of(model) != context_of(field.related_model)
    ]


class TestModels:
    def test_never_point_into_another_context(self) -> None:
        ours = [model for model in apps.get_models() if context_of(model) in CONTEXTS]
        assert {context_of(model) for model in ours} == set(CONTEXTS)
        assert relations_across(ours) == []

    def test_would_be_noticed_if_they_did(self) -> None:
        elsewhere = Apps()

        class Theirs(models.Model):
            class Meta:
                apps = elsewhere
                app_label = "payments"

        class Ours(models.Model):
            theirs = models.ForeignKey(Theirs, on_delete=models.CASCADE)

            class Meta:
                apps = elsewhere
                app_label = "orders"

        Theirs.__module__, Ours.__module__ = "apps.payments.models", "apps.orders.models"
        assert relations_across([Ours]) == ["Ours.theirs → Theirs"]

    def test_that_change_state_protect_it_in_the_database(self) -> None:
        for model, name in (("orders.Order", "order"), ("payments.Payment", "payment")):
            constraints = {one.name for one in apps.get_model(model)._meta.constraints}
            assert f"{name}_status_is_known" in constraints


class TestEventMap:
    def test_stands_in_the_architecture_document_as_it_is(self) -> None:
        document = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
        assert as_mermaid() in document, "run: manage.py event_map --mermaid, and paste it"

    @pytest.mark.parametrize("event", ["OrderCreated", "InventoryReserved", "PaymentAuthorized"])
    def test_names_who_hears_the_saga(self, event: str) -> None:
        (line,) = [one for one in as_text().splitlines() if f" {event} " in one]
        assert "nobody" not in line
