"""The books of a provider against ours, as an operator compares them, in the running platform."""

import subprocess
import sys
import time

import httpx

from infra.local.home import PROJECT
from tests.e2e.conftest import PATIENCE_SECONDS, Shop


def reconcile(shop: Shop) -> subprocess.CompletedProcess[str]:
    """Run the command against the stack."""
    return subprocess.run(
        [sys.executable, "manage.py", "reconcile_payments", "--provider", "adyen"],
        cwd=PROJECT,
        env=shop.stack.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def announce_report(shop: Shop) -> None:
    """Have Adyen announce today's report, and wait until the platform has heard of it."""
    url = shop.stack.run["simulators_url"]
    name = httpx.post(f"{url}/adyen/_report").raise_for_status().json()["file"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    heard = "SELECT 1 FROM payments_providermessagerecord WHERE event_id LIKE %s"
    while not shop.ask(heard, f"{name}:%"):
        assert time.monotonic() < deadline, "the report was not announced"
        time.sleep(0.1)


def test_a_charge_that_the_provider_reports_otherwise_is_found(shop: Shop) -> None:
    order_id = shop.place("stored_card_authorised", provider="adyen").json()["id"]
    shop.wait_for(order_id, lambda one: one["payment"]["status"] == "captured", "capture")
    announce_report(shop)
    ((reference,),) = shop.ask(
        "SELECT o.reference FROM payments_paymentoperation o JOIN payments_payment p "
        "ON p.id = o.payment_id WHERE p.order_id = %s AND o.kind = 'capture'",
        order_id,
    )

    agreed = reconcile(shop)

    assert (agreed.returncode, agreed.stderr) == (0, "")
    assert "Report and ledger agree." in agreed.stdout
    fees = "SELECT count(*) FROM payments_ledgerentry WHERE to_account = 'fees'"
    ((booked,),) = shop.ask(fees)
    assert booked > 0

    control = f"{shop.stack.run['simulators_url']}/adyen/_settlements"
    httpx.post(control, json={"twice": [reference]}).raise_for_status()
    try:
        differing = reconcile(shop)
    finally:
        httpx.delete(control).raise_for_status()
    assert differing.returncode == 1
    assert "settled twice" in differing.stdout
    assert "1 difference is open." in differing.stderr
