"""How stored payloads of earlier versions become the present ones, one version at a time."""

from collections.abc import Callable
from typing import Any

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


def _refund_failed_2(payload: dict[str, Any]) -> dict[str, Any]:
    # Before parts of an order could be refunded, a refund that failed left nothing refunded.
    return {**payload, "refunded_minor": 0}


def _refund_requested_2(payload: dict[str, Any]) -> dict[str, Any]:
    # What it was for was not told; the amount is right all the same.
    return {**payload, "units": []}


def _cancelled_2(payload: dict[str, Any]) -> dict[str, Any]:
    # Why a payment failed was told in English alone.
    return {**payload, "code": ""}


def _payment_pending_2(payload: dict[str, Any]) -> dict[str, Any]:
    # Every provider was asked for by name.
    return {**payload, "rule": "", "alternatives": []}


def _refunded_2(payload: dict[str, Any]) -> dict[str, Any]:
    # All that went back had been asked for.
    return {**payload, "wanted_minor": 0, "lost_minor": 0}


def _voided_2(payload: dict[str, Any]) -> dict[str, Any]:
    # One that had run out was told like any other.
    return {**payload, "has_expired": False}


def _dispute_closed_2(payload: dict[str, Any]) -> dict[str, Any]:
    # What was lost was not counted, and a refund was tried all the same.
    return {**payload, "refunded_minor": 0, "lost_minor": 0}


def _capture_failed_2(payload: dict[str, Any]) -> dict[str, Any]:
    # Of one that failed after money had gone back nothing was told.
    return {**payload, "refunded_minor": 0}


def _provider_not_told(payload: dict[str, Any]) -> dict[str, Any]:
    # It was always the one that the order had named.
    return {**payload, "provider": ""}


def _wanted(payload: dict[str, Any]) -> dict[str, Any]:
    # Whoever let a payment go was not told of. An order that was called off knows it by itself.
    return {**payload, "is_unwanted": False}


UPCASTERS: dict[tuple[str, int], Upcaster] = {
    ("payments.payment_capture_failed", 1): _capture_failed_2,
    ("payments.payment_refund_failed", 1): _refund_failed_2,
    ("payments.payment_refunded", 1): _refunded_2,
    ("payments.payment_refunded", 2): _wanted,
    ("payments.payment_voided", 1): _voided_2,
    ("payments.payment_dispute_closed", 1): _dispute_closed_2,
    ("payments.payment_dispute_closed", 2): _wanted,
    ("orders.order_refund_requested", 1): _refund_requested_2,
    ("orders.order_cancelled", 1): _cancelled_2,
    ("orders.order_payment_pending", 1): _payment_pending_2,
    ("payments.payment_action_required", 1): _provider_not_told,
    ("payments.payment_failed", 1): _provider_not_told,
}
"""By wire name and stored version: how to turn that payload into the next version's."""
