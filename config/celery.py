"""Celery: it carries wake-ups and periodic work. Nothing that must not be lost travels through it."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import (
    celeryd_after_setup,
    import_modules,
    task_prerun,
    worker_init,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)

from config.processes import collect_garbage_rarely, die_with_parent, load_without_collecting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
# Migrating has made Django's system checks; here they would load every page into every worker.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
die_with_parent()


@import_modules.connect
def begin_to_load(**_: Any) -> None:
    """Look for no garbage while Django and all tasks are loaded: by workers, the scheduler, a drain loop."""
    load_without_collecting()


# Receivers are called in the order in which they were connected. Celery connects what loads Django when
# the app is made, and what loads the tasks with the discovery: ours stand around both.
app = Celery("oms")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@import_modules.connect
def end_loading(**_: Any) -> None:
    """Look for garbage again, also where something could not be loaded."""
    collect_garbage_rarely()


@app.on_after_finalize.connect
def schedule(sender: Celery, **_: Any) -> None:
    """Tell the scheduler what to send, and how often."""
    import django

    django.setup()
    from apps.platform.outbox.wakeups import LIFETIME_SECONDS, LOOK_SECONDS, list_wake_ups

    for queue in {one.queue for one in list_wake_ups() if one.is_waiting}:
        sender.add_periodic_task(
            LOOK_SECONDS,
            sender.signature("outbox.look", args=(queue,)),
            name=f"look {queue}",
            queue=queue,
            expires=LIFETIME_SECONDS,
        )
    for wake_up in list_wake_ups():
        if wake_up.is_waiting is None:
            sender.add_periodic_task(
                wake_up.every_seconds,
                sender.signature(wake_up.task, args=wake_up.args),
                name=f"wake {wake_up.name}",
                queue=wake_up.queue,
                expires=max(LIFETIME_SECONDS, wake_up.every_seconds),
            )


@worker_init.connect
def limit_worker_sessions(**_: Any) -> None:
    """Have no session of a worker hold anything up for long."""
    from apps.platform.session_limits import limit_sessions

    limit_sessions("worker")


@celeryd_after_setup.connect
def look_out(instance: Any, **_: Any) -> None:
    """Have this worker look for the work of its queues while no message reaches it."""
    from apps.platform.outbox.lookout import Lookout, Silence
    from apps.platform.outbox.wakeups import list_wake_ups

    silence = Silence()
    task_prerun.connect(lambda **_: silence.end(), weak=False)
    queues = instance.app.amqp.queues.consume_from
    lookout = Lookout(
        [wake_up for wake_up in list_wake_ups() if wake_up.queue in queues],
        is_needed=silence.is_long,
    )
    worker_shutting_down.connect(lambda **_: lookout.stop(), weak=False)
    lookout.start()


@task_prerun.connect
def drop_broken_connections(**_: Any) -> None:
    """Start each task with a database connection that works, or none yet."""
    from django.db import close_old_connections

    close_old_connections()


@worker_init.connect
def show_metrics(**_: Any) -> None:
    """Show the metrics of this worker on `OMS_METRICS_PORT`, where it is set."""
    from django.conf import settings

    from apps.platform.telemetry.exposition import serve_metrics

    if settings.OMS_METRICS_PORT:
        serve_metrics(settings.OMS_METRICS_PORT)


@worker_ready.connect
def note_readiness(**_: Any) -> None:
    """Leave our process id in `OMS_READY_FILE`, where it is set: this worker takes tasks now."""
    if path := os.environ.get("OMS_READY_FILE"):
        Path(path).write_text(str(os.getpid()), encoding="utf-8")


@worker_shutdown.connect
def end(**_: Any) -> None:
    """Send what telemetry has left."""
    from apps.platform.telemetry.tracing import stop_tracing

    stop_tracing()
