"""Tables of customers."""

from datetime import UTC
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from apps.customers.domain.identifiers import AddressId, PaymentMethodId
from apps.customers.domain.profile import Locale, Profile
from apps.kernel.address import Address
from apps.kernel.identifiers import CustomerId
from apps.platform.id_fields import own_id_field


class Customer(models.Model):
    """Somebody who buys. `version` numbers the facts about the profile.

    `email` is kept as the customer writes it; the unique index ignores case.
    """

    id = own_id_field(CustomerId, editable=False)
    email = models.CharField(max_length=254)
    name = models.CharField(max_length=100)
    phone = models.CharField(max_length=16, blank=True)
    locale = models.CharField(
        "language",
        max_length=8,
        choices=[(locale.value, locale.name.capitalize()) for locale in Locale],
    )
    region = models.CharField(max_length=32)
    wants_email = models.BooleanField(default=True)
    wants_sms = models.BooleanField("wants SMS", default=False)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField("registered at")
    updated_at = models.DateTimeField("changed at")

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"),
                name="one_customer_per_email_address",
                violation_error_message="Another customer is registered with this email address.",
            ),
            models.CheckConstraint(
                condition=Q(locale__in=[locale.value for locale in Locale]),
                name="customer_locale_is_one_we_write_in",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def profile(self) -> Profile:
        """What is known of the customer."""
        return Profile(
            name=self.name,
            email=self.email,
            phone=self.phone,
            locale=self.locale,
            region=self.region,
            wants_email=self.wants_email,
            wants_sms=self.wants_sms,
        )

    def take_over(self, profile: Profile) -> None:
        """Change every field of the profile; the caller stores and publishes it."""
        self.name = profile.name
        self.email = profile.email
        self.phone = profile.phone
        self.locale = profile.locale
        self.region = profile.region
        self.wants_email = profile.wants_email
        self.wants_sms = profile.wants_sms


class CustomerAddress(models.Model):
    """An address that a customer has parcels sent to. Each change moves `updated_at` on, `version` with it."""

    id = own_id_field(AddressId, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="addresses")
    name = models.CharField(max_length=100)
    company = models.CharField(max_length=100, blank=True)
    line1 = models.CharField(max_length=100)
    line2 = models.CharField(max_length=100, blank=True)
    postal_code = models.CharField(max_length=35, blank=True)
    city = models.CharField(max_length=100)
    region = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2)
    phone = models.CharField(max_length=35, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        verbose_name = "address"
        verbose_name_plural = "addresses"

    def __str__(self) -> str:
        return f"{self.name}, {self.line1}, {self.postal_code} {self.city}, {self.country}"

    @property
    def address(self) -> Address:
        """The address as others know it."""
        return Address(**{part: getattr(self, part) for part in Address.__slots__})

    @property
    def version(self) -> str:
        """Another one after every change; in a writing that looks like no card number, as bare digits may."""
        return self.updated_at.astimezone(UTC).isoformat(timespec="microseconds")

    def take_over(self, address: Address) -> None:
        """Change every part; the caller stores it."""
        for part, text in address.as_dict().items():
            setattr(self, part, text)


class PaymentMethod(models.Model):
    """A way to pay that a customer saved: the provider's token, never a card number."""

    id = own_id_field(PaymentMethodId, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="payment_methods")
    provider = models.CharField(max_length=32)
    method_type = models.CharField("type", max_length=32)
    token = models.CharField(max_length=255)
    brand = models.CharField(max_length=32, blank=True)
    last4 = models.CharField("last four digits", max_length=4, blank=True)
    expiry_month = models.SmallIntegerField(null=True, blank=True)
    expiry_year = models.SmallIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer", "provider", "token"], name="a_token_is_saved_once_per_customer"
            ),
            models.CheckConstraint(
                condition=~Q(token__regex=r"^[0-9 .:_~-]+$"), name="a_token_is_no_card_number"
            ),
            models.CheckConstraint(
                condition=Q(last4__regex=r"^([0-9]{4})?$"), name="last4_is_four_digits_or_nothing"
            ),
            models.CheckConstraint(
                condition=Q(expiry_month=None, expiry_year=None)
                | Q(
                    expiry_month__isnull=False,
                    expiry_month__gte=1,
                    expiry_month__lte=12,
                    expiry_year__isnull=False,
                ),
                name="an_expiry_is_a_month_of_a_year",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand or self.method_type} …{self.last4}" if self.last4 else self.provider

    @property
    def expiry(self) -> str:
        """The last month in which it can be used, such as 07/2028; empty where it has none."""
        if self.expiry_month is None or self.expiry_year is None:
            return ""
        return f"{self.expiry_month:02}/{self.expiry_year}"
