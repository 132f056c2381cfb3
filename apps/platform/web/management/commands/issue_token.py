"""Print a bearer token for a service or a customer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from apps.kernel.identifiers import CustomerId
from apps.platform.commands import PlatformCommand
from apps.platform.web.issuing import UnusableKey, issue_token
from apps.platform.web.principals import ALL_SCOPES, CUSTOMER_SCOPES, is_usable_name

BAD_USAGE = 2
MAX_DAYS = 3650


class Command(PlatformCommand):
    """Sign a token with the private key in `OMS_JWT_PRIVATE_KEY_FILE` and print it, alone."""

    help = "Print a bearer token for a service or a customer."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask for whom, what and how long."""
        whom = parser.add_mutually_exclusive_group(required=True)
        whom.add_argument("--service", metavar="NAME", help="the program that will hold the token")
        whom.add_argument("--customer", metavar="UUID", type=UUID, help="the customer's id")
        parser.add_argument(
            "--scopes",
            help='"all" or a list such as "orders:read orders:write"; '
            "by default all for a service, and for a customer what a customer needs",
        )
        parser.add_argument("--days", type=int, default=30, help="how long it holds (30)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the token and nothing else; end with status 2 and one line where it cannot."""
        if not 1 <= options["days"] <= MAX_DAYS:
            raise CommandError(f"--days must be 1 to {MAX_DAYS}.", returncode=BAD_USAGE)
        if options["service"] is not None and not is_usable_name(options["service"]):
            raise CommandError(
                "--service must be 1 to 255 printable characters.", returncode=BAD_USAGE
            )
        customer_id: CustomerId | None = options["customer"]
        try:
            token = issue_token(
                private_key_pem=_private_key_pem(),
                subject=str(customer_id) if customer_id else options["service"],
                scopes=_scopes(options["scopes"], customer_id),
                customer_id=customer_id,
                lifetime=timedelta(days=options["days"]),
                now=timezone.now(),
            )
        except UnusableKey as error:
            raise CommandError(
                f"OMS_JWT_PRIVATE_KEY_FILE: {error}", returncode=BAD_USAGE
            ) from error
        self.stdout.write(token)


def _private_key_pem() -> str:
    path = settings.OMS_JWT_PRIVATE_KEY_FILE
    if not path:
        raise CommandError("OMS_JWT_PRIVATE_KEY_FILE: it is not set.", returncode=BAD_USAGE)
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"OMS_JWT_PRIVATE_KEY_FILE: {error}", returncode=BAD_USAGE) from error


def _scopes(asked: str | None, customer_id: CustomerId | None) -> tuple[str, ...]:
    if asked is None:
        return ALL_SCOPES if customer_id is None else CUSTOMER_SCOPES
    if asked == "all":
        return ALL_SCOPES
    scopes = tuple(asked.split())
    unknown = [scope for scope in scopes if scope not in ALL_SCOPES]
    if unknown or not scopes:
        raise CommandError(
            f"Unknown scopes: {' '.join(unknown) or 'none given'}. Known: {' '.join(ALL_SCOPES)}.",
            returncode=BAD_USAGE,
        )
    return scopes
