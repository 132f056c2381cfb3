"""Try dead letters again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.platform.outbox.models import ParkedKey
from apps.platform.outbox.parking import retry_parked, skip_head


class Command(BaseCommand):
    help = "Try dead letters again, or give up the event that blocks them; lists them without a choice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--subscriber", default="", help="those of one subscriber")
        parser.add_argument("--id", type=int, action="append", dest="ids", help="this one; repeat")
        parser.add_argument("--retry", action="store_true")
        parser.add_argument("--skip", action="store_true", help="drop the blocking delivery")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["retry"] and options["skip"]:
            raise CommandError("Choose --retry or --skip.", returncode=2)
        dead = ParkedKey.objects.filter(dead=True).order_by("id")
        if options["subscriber"]:
            dead = dead.filter(subscriber=options["subscriber"])
        if options["ids"]:
            dead = dead.filter(id__in=options["ids"])
        ids = list(dead.values_list("id", flat=True))
        if options["retry"]:
            self.stdout.write(f"{retry_parked(ids=ids)} dead letters are tried again")
        elif options["skip"]:
            self.stdout.write(f"{skip_head(ids=ids)} deliveries given up")
        else:
            for one in dead:
                self.stdout.write(
                    f"{one.id}  {one.subscriber}  key {one.key}  event {one.event_id}  {one.error}"
                )
            self.stdout.write(f"{len(ids)} dead letters")
