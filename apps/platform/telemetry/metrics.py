"""Every metric of the platform, under the name it has in Prometheus.

With `PROMETHEUS_MULTIPROC_DIR` set before the start, all processes that share the folder count
together, and whichever is asked answers for all; the folder has to be empty when the first of them
starts. Labels come from short, fixed lists: never an id, a path or a message.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

if _shared_folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    # prometheus_client opens its files there as soon as the first metric is defined.
    Path(_shared_folder).mkdir(parents=True, exist_ok=True)

from prometheus_client import Counter, Gauge, Histogram

GaugeSource = Callable[[], None]

_FAST: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.45, 0.75, 1.0, 2.5, 5.0, 10.0)
_PATIENT: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 15.0, 30.0, 60.0, 300.0, 600.0)


def _gauge(name: str, documentation: str, *labels: str) -> Gauge:
    # A gauge tells of something all processes share, so whoever wrote last knows best.
    return Gauge(name, documentation, labels, multiprocess_mode="mostrecent")


http_requests_total: Final = Counter(
    "http_requests_total", "Requests answered.", ("method", "route", "status")
)
http_request_seconds: Final = Histogram(
    "http_request_seconds", "Time to answer a request.", ("method", "route"), buckets=_FAST
)

orders_created_total: Final = Counter("orders_created_total", "Orders accepted.")
order_creation_seconds: Final = Histogram(
    "order_creation_seconds", "Time to accept an order, in the API.", buckets=_FAST
)
order_confirmation_seconds: Final = Histogram(
    "order_confirmation_seconds", "From an order's placement to its confirmation.", buckets=_PATIENT
)

event_lag_seconds: Final = _gauge(
    "event_lag_seconds", "Age of the oldest event that waits for a subscriber.", "subscriber"
)
events_waiting: Final = _gauge("events_waiting", "Events that wait for a subscriber.", "subscriber")
events_dead: Final = _gauge(
    "events_dead", "Keys of a subscriber that are given up until someone looks.", "subscriber"
)
deliveries_handled_total: Final = Counter(
    "deliveries_handled_total", "Events handled by a subscriber.", ("subscriber",)
)
deliveries_failed_total: Final = Counter(
    "deliveries_failed_total", "Events a subscriber failed to handle, each try.", ("subscriber",)
)
dead_letters: Final = Counter(
    "dead_letters_total", "Keys given up after too many failures.", ("subscriber",)
)
default_partition_rows: Final = _gauge(
    "default_partition_rows", "Rows for which no partition was ready; has to be 0.", "table"
)

gateway_calls_total: Final = Counter(
    "gateway_calls_total", "Calls to a provider by how they ended.", ("gateway", "kind", "outcome")
)
gateway_call_seconds: Final = Histogram(
    "gateway_call_seconds", "Time a provider took.", ("gateway", "kind"), buckets=_PATIENT
)
gateway_calls_in_flight: Final = _gauge(
    "gateway_calls_in_flight", "Calls on their way to a provider.", "gateway"
)
breaker_state: Final = _gauge(
    "breaker_state", "0 closed, 1 half-open (trial calls), 2 open.", "gateway"
)
breaker_transitions_total: Final = Counter(
    "breaker_transitions_total", "Changes of a breaker.", ("gateway", "change")
)
gate_is_shared: Final = _gauge(
    "gate_is_shared", "1 with Valkey, 0 while processes guard a provider on their own.", "gateway"
)

webhooks_total: Final = Counter(
    "webhooks_total", "Messages of providers, by what became of them.", ("provider", "outcome")
)
payments_failed_total: Final = Counter(
    "payments_failed_total", "Payments that failed for good.", ("gateway",)
)
payments_rerouted_total: Final = Counter(
    "payments_rerouted_total",
    "Payments that another provider took, because this one was not available.",
    ("gateway",),
)
authorisations_running_out_total: Final = Counter(
    "authorisations_running_out_total",
    "Authorisations that nobody charged in good time.",
    ("gateway",),
)
captures_failed_total: Final = Counter(
    "captures_failed_total",
    "Captures of wanted orders that a provider refused, and such as failed after a refund.",
    ("gateway",),
)
settlement_differences_open: Final = _gauge(
    "settlement_differences_open",
    "Differences between a provider's report and the ledger that nobody has settled.",
    "gateway",
)
reconciliation_age_seconds: Final = _gauge(
    "reconciliation_age_seconds",
    "Time since a provider's report was compared with the ledger last.",
    "gateway",
)
dispute_wait_seconds: Final = _gauge(
    "dispute_wait_seconds",
    "Age of the oldest dispute that money which is to go back waits for; 0 where none does.",
    "gateway",
)
refunds_stuck: Final = _gauge(
    "refunds_stuck",
    "Payments whose money a provider refused to give back, or has not given back for long; voids too.",
    "gateway",
)
cards_refused_total: Final = Counter(
    "cards_refused_total", "Requests refused because they held a card number."
)
cards_masked_total: Final = Counter(
    "cards_masked_total",
    "Card numbers taken out of log lines, the audit log and what providers tell.",
)
gauge_source_failures_total: Final = Counter(
    "gauge_source_failures_total", "Times a source of gauges failed or was too slow.", ("source",)
)

_gauge_sources: dict[str, GaugeSource] = {}


def register_gauge_source(source: GaugeSource) -> None:
    """Have `source` called whenever the metrics are read, to set gauges from what all share.

    It runs in a thread of its own with a second of time; too slow or failing, the gauges keep their
    last values and `gauge_source_failures_total` counts. Registering it again changes nothing.
    """
    _gauge_sources[f"{source.__module__}.{source.__qualname__}"] = source


def list_gauge_sources() -> dict[str, GaugeSource]:
    """List the registered sources by name."""
    return dict(_gauge_sources)
