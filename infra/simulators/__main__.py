"""`python -m infra.simulators --port P --mailbox DIR`: run all simulators until told to stop."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

from infra.simulators.adyen.notices import Endpoint as AdyenEndpoint
from infra.simulators.http_server import start_server
from infra.simulators.paypal.certificates import signer_in
from infra.simulators.paypal.site import PayPalSite
from infra.simulators.paypal.webhooks import Endpoint as PayPalEndpoint
from infra.simulators.site import AdyenPart, Site
from infra.simulators.stripe.webhooks import ANNOUNCED, Endpoint

WEBHOOK_PATH = "/api/v1/webhooks/stripe"
ADYEN_WEBHOOK_PATH = "/api/v1/webhooks/adyen"
PAYPAL_WEBHOOK_PATH = "/api/v1/webhooks/paypal"


def read_arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; the environment gives what it leaves out."""
    given = os.environ
    base_url = given.get("OMS_BASE_URL", "")
    parser = argparse.ArgumentParser(prog="python -m infra.simulators", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
    parser.add_argument("--port", type=int, default=8400, help="port to listen at")
    parser.add_argument(
        "--mailbox",
        type=Path,
        default=Path(given.get("OMS_MAILBOX_DIR") or ".oms/mailbox"),
        help="folder into which mail is written (OMS_MAILBOX_DIR)",
    )
    parser.add_argument(
        "--books",
        type=Path,
        default=Path(given.get("OMS_HOME") or ".oms") / "simulators" / "stripe.jsonl",
        help="file in which the simulated Stripe keeps its books (below OMS_HOME)",
    )
    parser.add_argument(
        "--public-url",
        default=given.get("OMS_SIMULATORS_URL", ""),
        help="this server's address for browsers (OMS_SIMULATORS_URL)",
    )
    parser.add_argument(
        "--webhook-url",
        default=f"{base_url}{WEBHOOK_PATH}" if base_url else "",
        help=f"receiver of Stripe's webhooks (OMS_BASE_URL + {WEBHOOK_PATH}); none without",
    )
    parser.add_argument(
        "--webhook-secret",
        default=given.get("STRIPE_WEBHOOK_SECRET", ""),
        help="secret that signs them (STRIPE_WEBHOOK_SECRET)",
    )
    parser.add_argument(
        "--webhook-events",
        default=",".join(ANNOUNCED),
        help="types of events to send, by commas",
    )
    parser.add_argument(
        "--adyen-books",
        type=Path,
        default=Path(given.get("OMS_HOME") or ".oms") / "simulators" / "adyen.jsonl",
        help="file in which the simulated Adyen keeps its books (below OMS_HOME)",
    )
    parser.add_argument(
        "--adyen-webhook-url",
        default=f"{base_url}{ADYEN_WEBHOOK_PATH}" if base_url else "",
        help=f"receiver of Adyen's webhooks (OMS_BASE_URL + {ADYEN_WEBHOOK_PATH}); none without",
    )
    parser.add_argument(
        "--adyen-hmac-key",
        default=given.get("ADYEN_HMAC_KEY", ""),
        help="hexadecimal key that signs them (ADYEN_HMAC_KEY); user and password for them come "
        "from ADYEN_WEBHOOK_USER and ADYEN_WEBHOOK_PASSWORD",
    )
    parser.add_argument(
        "--paypal",
        type=Path,
        default=Path(given.get("OMS_HOME") or ".oms") / "simulators" / "paypal",
        help="folder in which the simulated PayPal keeps its books and keys (below OMS_HOME)",
    )
    parser.add_argument(
        "--paypal-webhook-url",
        default=f"{base_url}{PAYPAL_WEBHOOK_PATH}" if base_url else "",
        help=f"receiver of PayPal's webhooks (OMS_BASE_URL + {PAYPAL_WEBHOOK_PATH}); none without",
    )
    parser.add_argument(
        "--paypal-webhook-id",
        default=given.get("PAYPAL_WEBHOOK_ID", ""),
        help="name under which PayPal knows that receiver (PAYPAL_WEBHOOK_ID)",
    )
    return parser.parse_args(words)


def adyen_part(wanted: argparse.Namespace) -> AdyenPart:
    """Give what the simulated Adyen needs."""
    if not (wanted.adyen_webhook_url and wanted.adyen_hmac_key):
        return AdyenPart(journal=wanted.adyen_books)
    return AdyenPart(
        journal=wanted.adyen_books,
        endpoint=AdyenEndpoint(
            url=wanted.adyen_webhook_url,
            key=wanted.adyen_hmac_key,
            user=os.environ.get("ADYEN_WEBHOOK_USER", ""),
            password=os.environ.get("ADYEN_WEBHOOK_PASSWORD", ""),
        ),
    )


async def serve(wanted: argparse.Namespace) -> None:
    """Run until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    endpoint = (
        Endpoint(
            url=wanted.webhook_url,
            secret=wanted.webhook_secret,
            types=tuple(one.strip() for one in wanted.webhook_events.split(",")),
        )
        if wanted.webhook_url and wanted.webhook_secret
        else None
    )
    public_url = wanted.public_url or f"http://{wanted.host}:{wanted.port}"
    site = Site(
        public_url=public_url,
        mailbox=wanted.mailbox,
        journal=wanted.books,
        endpoint=endpoint,
        adyen=adyen_part(wanted),
        paypal=_open_paypal(wanted, public_url),
    )
    server = await start_server(site.handle, host=wanted.host, port=wanted.port)
    work = asyncio.create_task(site.run())
    waiting = asyncio.create_task(stopped.wait())
    await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
    server.close()
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        # A failure of the work is the reason to stop; it is shown by raising it here.
        await work


def _open_paypal(wanted: argparse.Namespace, public_url: str) -> PayPalSite:
    endpoint = (
        PayPalEndpoint(url=wanted.paypal_webhook_url, webhook_id=wanted.paypal_webhook_id)
        if wanted.paypal_webhook_url and wanted.paypal_webhook_id
        else None
    )
    return PayPalSite(
        public_url=public_url,
        journal=wanted.paypal / "books.jsonl",
        signer=signer_in(wanted.paypal),
        endpoint=endpoint,
    )


def main() -> int:
    """Run; returns the exit status."""
    try:
        asyncio.run(serve(read_arguments()))
    except (OSError, ValueError) as error:
        print(f"The simulators cannot run: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
