"""A shop to try things in: products, stock, customers and staff. Making it again changes nothing."""

import hashlib
import hmac
import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Group, User
from django.utils import timezone
from django.utils.crypto import get_random_string

from apps.customers.domain.profile import Profile
from apps.customers.models import Customer
from apps.customers.services.register_customer import register_customer
from apps.inventory.models import Warehouse
from apps.inventory.services.change_products import ProductRow, change_products
from apps.inventory.services.report_stock import report_stock
from apps.inventory.services.reported_rows import CountRow
from apps.kernel.cause import Cause
from apps.platform.backoffice.roles import define_roles
from apps.platform.outbox.draining import drain
from apps.platform.outbox.registry import list_subscribers

WAREHOUSES = (("BER", "Berlin"), ("RTM", "Rotterdam"), ("LYS", "Lyon"))
PRODUCTS = 1000
UNITS = 1_000_000
ROUNDS = 1000
"""Of the hash of a password that nobody thought of and nobody guesses; Django takes more once somebody logs in.
With those five would take a quarter of the time in which the platform is prepared."""
STOCKED_AT = datetime(2026, 1, 1, tzinfo=UTC)
CUSTOMERS = (
    ("ada@shop.example", "Ada Example", "en"),
    ("emil@shop.example", "Emil Beispiel", "de"),
    ("grace@shop.example", "Grace Sample", "en"),
)
_ADJECTIVES = ("Oak", "Linen", "Steel", "Wool", "Clay", "Cotton", "Glass", "Paper")
_NOUNS = ("Mug", "Lamp", "Blanket", "Notebook", "Chair", "Teapot", "Shelf", "Backpack", "Bowl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What was made, as scripts need it."""

    customer_id: str
    warehouses: list[str]
    staff: dict[str, dict[str, str]]


def make_demo() -> Demo:
    """Make the demo shop and hand its events on, so that orders can be placed at once."""
    cause = Cause(
        correlation_id=uuid.uuid4(),
        causation_id="command:seed_demo",
        actor="system:demo",
        region=settings.OMS_REGION,
    )
    for priority, (code, city) in enumerate(WAREHOUSES):
        Warehouse.objects.get_or_create(
            code=code,
            defaults={"name": f"Warehouse {city}", "priority": priority, "address": {"city": city}},
        )
    rows = list_demo_products()
    change_products(rows=rows, cause=cause)
    _stock(rows, cause)
    customers = [_customer(email, name, locale, cause) for email, name, locale in CUSTOMERS]
    for subscriber in list_subscribers():
        drain(subscriber)
    return Demo(
        customer_id=str(customers[0].id),
        warehouses=[code for code, _ in WAREHOUSES],
        staff={role: make_staff(role, group) for role, group in define_roles().items()},
    )


def list_demo_products() -> list[ProductRow]:
    """Give the products, the same ones each time; SKU-0001 costs 19.90."""
    chance = random.Random(7)
    rows = []
    for number in range(1, PRODUCTS + 1):
        euros = 1990 if number == 1 else chance.randrange(490, 14990, 50)
        rows.append(
            ProductRow(
                sku=f"SKU-{number:04}",
                name=f"{chance.choice(_ADJECTIVES)} {chance.choice(_NOUNS)} {number}",
                prices_minor={"EUR": euros, "USD": euros * 110 // 100},
                weight_grams=chance.randrange(50, 5000, 10),
            )
        )
    return rows


def _stock(rows: list[ProductRow], cause: Cause) -> None:
    for code, _ in WAREHOUSES:
        report_stock(
            rows=[
                CountRow(
                    warehouse=code,
                    sku=row.sku,
                    on_hand=UNITS,
                    message_id=f"demo-{row.sku}",
                    counted_at=STOCKED_AT,
                )
                for row in rows
            ],
            cause=cause,
            now=timezone.now(),
        )


def _customer(email: str, name: str, locale: str, cause: Cause) -> Customer:
    known = Customer.objects.filter(email=email).first()
    if known is not None:
        return known
    profile = Profile.build(
        name=name,
        email=email,
        phone="",
        locale=locale,
        region=settings.OMS_REGION,
        wants_email=True,
        wants_sms=False,
    )
    return register_customer(profile=profile, cause=cause, now=timezone.now())


def make_staff(role: str, group: Group) -> dict[str, str]:
    """Make a staff user whose password follows from the installation's secret."""
    password = hmac.new(settings.SECRET_KEY.encode(), role.encode(), hashlib.sha256).hexdigest()[
        :16
    ]
    user, is_new = User.objects.get_or_create(username=role, defaults={"is_staff": True})
    if is_new:
        user.password = PBKDF2PasswordHasher().encode(password, get_random_string(16), ROUNDS)
        user.save()
    user.groups.set([group])
    return {"username": role, "password": password}
