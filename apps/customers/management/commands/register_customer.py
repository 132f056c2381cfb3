"""Register a customer from the command line."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from apps.customers.domain.profile import Locale, Profile
from apps.customers.services.register_customer import register_customer
from apps.kernel.cause import Cause
from apps.kernel.errors import DomainError
from apps.kernel.identifiers import new_id
from apps.platform.commands import PlatformCommand

REFUSED = 2


class Command(PlatformCommand):
    """Register a customer and print its id, alone."""

    help = "Register a customer and print its id."

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask for the profile."""
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument("--phone", default="", help="with + and country code")
        parser.add_argument("--locale", default=Locale.ENGLISH.value, help="en (default) or de")
        parser.add_argument("--region", default="", help="by default the one of this platform")
        parser.add_argument("--no-email", action="store_true", help="the customer wants no email")
        parser.add_argument("--sms", action="store_true", help="the customer wants SMS")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the id and nothing else; end with status 2 and one line where it is refused."""
        try:
            customer = register_customer(
                profile=Profile.build(
                    name=options["name"],
                    email=options["email"],
                    phone=options["phone"],
                    locale=options["locale"],
                    region=options["region"] or settings.OMS_REGION,
                    wants_email=not options["no_email"],
                    wants_sms=options["sms"],
                ),
                cause=Cause(
                    correlation_id=new_id(),
                    causation_id="command:register_customer",
                    actor="system:register_customer",
                    region=settings.OMS_REGION,
                ),
                now=timezone.now(),
            )
        except DomainError as refusal:
            raise CommandError(refusal.detail, returncode=REFUSED) from refusal
        self.stdout.write(str(customer.id))
