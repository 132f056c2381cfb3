"""What orders knows of products."""

from typing import ClassVar

from django.db import models


class ListedProduct(models.Model):
    """The price list: what orders knows of a product; `prices_minor` maps currency to minor units."""

    sku = models.CharField(max_length=64, primary_key=True)
    name = models.TextField()
    prices_minor = models.JSONField(default=dict)
    active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["sku"]

    def __str__(self) -> str:
        return self.sku
