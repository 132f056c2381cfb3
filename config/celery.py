"""Celery: it carries wake-ups and periodic work. Nothing that must not be lost travels through it."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import task_prerun, worker_ready, worker_shutdown

from config.processes import collect_garbage_rarely, die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
die_with_parent()

app = Celery("oms")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

WAKE = "wake "
"""How the names of the scheduler's wake-ups begin."""
EVERY_SECOND = 1.0
"""How often the scheduler looks after work whose wake-up was lost."""


@app.on_after_finalize.connect
def schedule(sender: Celery, **_: Any) -> None:
    """Tell the scheduler what to send, and how often."""
    import django

    django.setup()
    from apps.platform.outbox.wakeups import LIFETIME_SECONDS, list_wake_ups

    for wake_up in list_wake_ups():
        sender.add_periodic_task(
            EVERY_SECOND,
            sender.signature(wake_up.task, args=wake_up.args),
            name=f"{WAKE}{wake_up.name}",
            queue=wake_up.queue,
            expires=LIFETIME_SECONDS,
        )
    for name, seconds, queue in (
        ("inventory.expire_reservations", 5.0, "inventory"),
        ("payments.undo_again", 60.0, "payments"),
        ("partitions.ensure", 3600.0, "maintenance"),
        ("idempotency.purge", 600.0, "maintenance"),
        ("payments.purge_messages", 3600.0, "maintenance"),
    ):
        sender.add_periodic_task(
            seconds, sender.signature(name), name=name, queue=queue, expires=seconds
        )


@task_prerun.connect
def drop_broken_connections(**_: Any) -> None:
    """Start each task with a database connection that works, or none yet."""
    from django.db import close_old_connections

    close_old_connections()


@worker_ready.connect
def note_readiness(**_: Any) -> None:
    """Leave our process id in `OMS_READY_FILE`, where it is set: this worker takes tasks now."""
    collect_garbage_rarely()
    if path := os.environ.get("OMS_READY_FILE"):
        Path(path).write_text(str(os.getpid()), encoding="utf-8")


@worker_shutdown.connect
def end(**_: Any) -> None:
    """Send what telemetry has left."""
    from apps.platform.telemetry.tracing import stop_tracing

    stop_tracing()
