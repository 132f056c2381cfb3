"""How the back office hangs together: its sidebar, its styles and the name of the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from config.live_money import is_live


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An entry of the sidebar. `model` is `app.model`; `page` names another page than its list."""

    title: str
    icon: str
    model: str
    page: str = ""

    @property
    def permission(self) -> str:
        """Who sees it."""
        app, model = self.model.split(".")
        return f"{app}.view_{model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Pages of one context."""

    title: str
    pages: tuple[Page, ...] = field(default=())


SECTIONS = (
    Section(
        title="Orders",
        pages=(
            Page(title="Orders", icon="receipt_long", model="orders.order"),
            Page(title="Price list", icon="sell", model="orders.listedproduct"),
        ),
    ),
    Section(
        title="Customers",
        pages=(
            Page(title="Customers", icon="group", model="customers.customer"),
            Page(title="Messages", icon="mail", model="notifications.message"),
            Page(title="Recipients", icon="contact_mail", model="notifications.recipient"),
            Page(title="Known orders", icon="draft", model="notifications.knownorder"),
        ),
    ),
    Section(
        title="Payments",
        pages=(
            Page(title="Payments", icon="credit_card", model="payments.payment"),
            Page(title="Receipts and credit notes", icon="description", model="payments.document"),
            Page(title="Document series", icon="tag", model="payments.documentseries"),
            Page(title="Disputes", icon="gavel", model="payments.dispute"),
            Page(title="Payment ledger", icon="account_balance", model="payments.ledgerentry"),
            Page(title="Settled", icon="request_quote", model="payments.settlementlinerecord"),
            Page(title="Reconciliations", icon="compare_arrows", model="payments.reconciliation"),
            Page(title="Differences", icon="rule", model="payments.settlementdifference"),
            Page(title="Provider calls", icon="sync_alt", model="payments.paymentoperation"),
            Page(title="Provider messages", icon="webhook", model="payments.providermessagerecord"),
        ),
    ),
    Section(
        title="Stock",
        pages=(
            Page(title="Stock levels", icon="inventory_2", model="inventory.stocklevel"),
            Page(title="Products", icon="category", model="inventory.product"),
            Page(title="Reservations", icon="bookmark", model="inventory.reservation"),
            Page(title="Ledger", icon="swap_vert", model="inventory.stockmovement"),
            Page(title="Warehouses", icon="warehouse", model="inventory.warehouse"),
        ),
    ),
    Section(
        title="Operation",
        pages=(
            Page(
                title="Event lag",
                icon="speed",
                model="platform_outbox.parkedkey",
                page="admin:platform_outbox_lag",
            ),
            Page(title="Parked events", icon="report", model="platform_outbox.parkedkey"),
            Page(
                title="Lanes",
                icon="splitscreen",
                model="platform_outbox.lane",
                page="admin:platform_outbox_lanes",
            ),
            Page(
                title="Event log",
                icon="list_alt",
                model="platform_outbox.storedevent",
                page="admin:platform_outbox_log",
            ),
            Page(
                title="Idempotency keys",
                icon="key",
                model="platform_idempotency.idempotencyrecord",
                page="platform_idempotency_log",
            ),
            Page(title="Audit log", icon="policy", model="platform_audit.auditentry"),
            Page(title="Staff", icon="badge", model="auth.user"),
            Page(title="Roles", icon="admin_panel_settings", model="auth.group"),
        ),
    ),
)


def list_navigation(request: HttpRequest) -> list[dict[str, object]]:
    """Give the sidebar: the pages that the person may see, by context."""
    links = _links()
    # The longest address that the request begins with, so that one entry is lit and no two.
    lit = max((one for one in links.values() if request.path.startswith(one)), key=len, default="")
    sections = [
        {"title": section.title, "separator": True, "items": _items(section, request, lit)}
        for section in SECTIONS
    ]
    dashboard = {"title": "Dashboard", "icon": "space_dashboard", "link": reverse("admin:index")}
    return [{"items": [dashboard]}, *(one for one in sections if one["items"])]


def _items(section: Section, request: HttpRequest, lit: str) -> list[dict[str, object]]:
    links = _links()
    return [
        {
            "title": page.title,
            "icon": page.icon,
            "link": links[page],
            "active": links[page] == lit,
        }
        for page in section.pages
        if page in links and request.user.has_perm(page.permission)
    ]


@cache
def _links() -> Mapping[Page, str]:
    """Where each page leads, of the contexts that are installed; found once, as no address changes."""
    installed = {config.label for config in apps.get_app_configs()}
    return MappingProxyType(
        {
            page: reverse(page.page or f"admin:{page.model.replace('.', '_')}_changelist")
            for section in SECTIONS
            for page in section.pages
            if page.model.split(".")[0] in installed
        }
    )


def name_environment(request: HttpRequest) -> list[str]:
    """Give the badge that tells production from everything else, as text and colour."""
    return [settings.OMS_ENV, "danger" if is_live(settings.OMS_ENV) else "info"]


def locate_icon(request: HttpRequest) -> str:
    """Give the address of the icon that browsers show."""
    return static("backoffice/icon.svg")


def locate_styles(request: HttpRequest) -> str:
    """Give the address of our style sheet."""
    return static("backoffice/backoffice.css")
