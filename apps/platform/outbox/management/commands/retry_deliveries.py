"""Try dead letters again."""

from functools import partial
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from apps.platform.audit.recording import record
from apps.platform.commands import PlatformCommand
from apps.platform.outbox.deciding import WAITS_FOR_A_PERSON, retry_keys, skip_events
from apps.platform.outbox.models import ParkedKey
from apps.platform.outbox.registry import list_subscribers


class Command(PlatformCommand):
    help = (
        "Try dead letters again, or give up the event that blocks one; lists them without a choice. "
        "What is done goes into the audit log."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--subscriber", default="", help="those of one subscriber")
        parser.add_argument("--id", type=int, action="append", dest="ids", help="this one; repeat")
        parser.add_argument("--reason", default="", help="why, for the audit log")
        deed = parser.add_mutually_exclusive_group()
        deed.add_argument("--retry", action="store_true")
        deed.add_argument(
            "--skip", action="store_true", help="drop the blocking delivery; needs --id, --reason"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["skip"] and not (options["ids"] and options["reason"].strip()):
            raise CommandError("--skip needs --id and --reason.", returncode=2)
        names = [subscriber.name for subscriber in list_subscribers()]
        if options["subscriber"] and options["subscriber"] not in names:
            raise CommandError(
                f"There is no subscriber {options['subscriber']!r}; choose of {', '.join(names)}.",
                returncode=2,
            )
        waiting = ParkedKey.objects.filter(WAITS_FOR_A_PERSON).order_by("id")
        if options["subscriber"]:
            waiting = waiting.filter(subscriber=options["subscriber"])
        if options["ids"]:
            waiting = waiting.filter(id__in=options["ids"])
        if unknown := set(options["ids"] or ()) - set(waiting.values_list("id", flat=True)):
            listed = ", ".join(map(str, sorted(unknown)))
            raise CommandError(f"No dead letter waits under the id {listed}.", returncode=2)
        if not (options["retry"] or options["skip"]):
            self._list(list(waiting))
            return
        decide = retry_keys if options["retry"] else skip_events
        count = decide(
            ids=list(waiting.values_list("id", flat=True)),
            reason=options["reason"],
            note=partial(record, actor="system:retry_deliveries", now=timezone.now()),
        )
        self.stdout.write(f"{count} {'tried again' if options['retry'] else 'given up'}")

    def _list(self, waiting: list[ParkedKey]) -> None:
        for one in waiting:
            state = "dead" if one.dead else "waits for another release"
            self.stdout.write(
                f"{one.id}  {one.subscriber}  key {one.key}  event {one.event_id}  {state}  {one.error}"
            )
        self.stdout.write(f"{len(waiting)} need a person")
