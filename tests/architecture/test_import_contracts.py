"""Each import contract is broken by an import that it forbids, and by nothing that is there.

The imports are added to the graph of the real modules: a contract that looks at a module which is not
there, or at none, would not notice.
"""

import copy
from functools import cache
from typing import Any

import grimp
import pytest
from importlinter import Contract
from importlinter.api import read_configuration
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract

from infra.local.home import PROJECT

KINDS: dict[str, type[Contract]] = {
    "acyclic_siblings": AcyclicSiblingsContract,
    "forbidden": ForbiddenContract,
    "independence": IndependenceContract,
    "layers": LayersContract,
}
ONE_WAY = "Imports flow one way: config, contexts, platform, kernel"
PLACES = "Every package below apps has its place"
STRANGERS = "The contexts are strangers to each other"
ROOMS = "Inside a context, doors call services, services use models, models follow the domain"
NO_CIRCLES = "No packages go round in a circle"
PLAIN_KERNEL = "The kernel is plain Python"
PLAIN_DOMAINS = "Domains and ports know no framework"
ADAPTERS = "A provider's SDK stays in adapters"
NO_INFRASTRUCTURE = "No app imports the infrastructure"

FORBIDDEN = [
    (ONE_WAY, "apps.platform.valkey", "apps.orders.models"),
    (ONE_WAY, "apps.kernel.money", "apps.platform.valkey"),
    (ONE_WAY, "apps.orders.queries", "config.kinds"),
    (PLACES, "apps.kernel.money", "apps.orders.domain.placement"),
    (STRANGERS, "apps.payments.services.start_payments", "apps.orders.models"),
    (STRANGERS, "apps.notifications.handlers", "apps.customers.queries"),
    (ROOMS, "apps.orders.domain.placement", "apps.orders.models"),
    (ROOMS, "apps.orders.models", "apps.orders.services.place_order"),
    (ROOMS, "apps.payments.services.start_payments", "apps.payments.tasks"),
    (ROOMS, "apps.payments.ports.gateway", "apps.payments.adapters.registry"),
    (NO_CIRCLES, "apps.platform.cards.numbers", "apps.platform.web.bodies"),
    (NO_CIRCLES, "apps.platform.telemetry.trace_context", "apps.platform.telemetry.tracing"),
    (PLAIN_KERNEL, "apps.kernel.money", "django"),
    (PLAIN_KERNEL, "apps.kernel.events.orders", "urllib3"),
    (PLAIN_DOMAINS, "apps.payments.domain.news", "django"),
    (PLAIN_DOMAINS, "apps.payments.ports.gateway", "urllib3"),
    (PLAIN_DOMAINS, "apps.orders.domain.placement", "apps.platform.valkey"),
    (ADAPTERS, "apps.payments.services.dispatch_operations", "urllib3"),
    (ADAPTERS, "apps.payments.admin.payments", "stripe"),
    (ADAPTERS, "apps.payments.handlers", "Adyen"),
    (ADAPTERS, "apps.payments.tasks", "httpx"),
    (ADAPTERS, "apps.payments.management.commands.reconcile_payments", "requests"),
    (ADAPTERS, "apps.payments.queries", "paypalserversdk"),
    (ADAPTERS, "apps.platform.web.signing_keys", "urllib3"),
    (NO_INFRASTRUCTURE, "apps.platform.valkey", "infra.local.stack"),
    (NO_INFRASTRUCTURE, "config.celery", "infra.local.stack"),
]


@cache
def configuration() -> dict[str, Any]:
    return dict(read_configuration(str(PROJECT / "pyproject.toml")))


@cache
def contracts() -> dict[str, Contract]:
    return {
        options["name"]: KINDS[options["type"]](
            name=options["name"],
            session_options=configuration()["session_options"],
            contract_options=options,
        )
        for options in configuration()["contracts_options"]
    }


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        *configuration()["session_options"]["root_packages"],
        include_external_packages=True,
        cache_dir=None,
    )


def is_kept(name: str, imports: grimp.ImportGraph) -> bool:
    return contracts()[name].check(graph=copy.deepcopy(imports), verbose=False).kept


class TestImportContracts:
    @pytest.mark.parametrize(("name", "importer", "imported"), FORBIDDEN)
    def test_notice_what_they_forbid(self, name: str, importer: str, imported: str) -> None:
        planted = copy.deepcopy(graph())
        assert importer in planted.modules
        planted.add_import(
            importer=importer, imported=imported, line_number=1, line_contents="planted"
        )
        assert not is_kept(name, planted)

    def test_notice_a_package_that_has_no_place(self) -> None:
        planted = copy.deepcopy(graph())
        planted.add_module("apps.shipping")
        assert not is_kept(PLACES, planted)

    @pytest.mark.parametrize("name", contracts())
    def test_are_kept_by_what_is_there(self, name: str) -> None:
        assert is_kept(name, graph())

    def test_have_each_been_seen_to_fail(self) -> None:
        assert set(contracts()) == {name for name, _, _ in FORBIDDEN}

    def test_look_away_from_no_import(self) -> None:
        ignoring = [
            options["name"]
            for options in configuration()["contracts_options"]
            if options.get("ignore_imports")
        ]
        assert ignoring == []

    def test_leave_no_room_of_payments_out_but_the_adapters(self) -> None:
        (options,) = [
            one for one in configuration()["contracts_options"] if one["name"] == ADAPTERS
        ]
        rooms = graph().find_children("apps.payments") - {
            "apps.payments.adapters",
            "apps.payments.migrations",
        }
        assert rooms - set(options["source_modules"]) == set()
