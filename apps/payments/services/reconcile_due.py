"""Compare with every provider once a day, as far as that was not done yet."""

from datetime import datetime, timedelta
from functools import partial

import structlog
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from structlog.contextvars import bound_contextvars

from apps.payments.models import Reconciliation
from apps.payments.ports import GatewayMisused, GatewayUnavailable, ReportUnreadable
from apps.payments.services.reconcile_payments import reconcile_payments

EVERY = timedelta(hours=23)
LONGEST_SILENCE = timedelta(minutes=30)
"""After so long without a page a run that did not come to its end is taken for dead, and taken up by the
next look that is made every hour."""
EXTRA_DAYS = timedelta(days=7)
"""For how much longer than a provider may take a movement is looked for: what was missed once because
nobody could be asked is seen the day after."""
OVERLAP = timedelta(days=2)
"""How much of what was read before is read again, for lines that a provider books late."""

# Whoever comes first takes it; the others find it taken. The problem goes with the claim, since one that
# failed may be taken again at once.
_CLAIM = """
INSERT INTO payments_reconciliation (provider, began_at, problem) VALUES (%(provider)s, %(now)s, '')
ON CONFLICT (provider) DO UPDATE SET began_at = EXCLUDED.began_at, problem = ''
WHERE (payments_reconciliation.ended_at IS NULL
       OR payments_reconciliation.ended_at <= %(ended_before)s)
  AND (payments_reconciliation.began_at IS NULL OR payments_reconciliation.problem <> ''
       OR payments_reconciliation.began_at <= %(began_before)s)
"""

log = structlog.get_logger(__name__)


def reconcile_due(*, now: datetime) -> list[str]:
    """Compare the last days with each provider that this was not done with for a day; names them.

    One that cannot be asked is asked again with the next call; what it did not report meanwhile is
    no difference yet. However long that lasts, the period goes on from what was read last.
    """
    done = []
    for provider in settings.OMS_GATEWAYS:
        if not claim(provider, now):
            continue
        since = looked_back_to(now)
        known_until = Reconciliation.objects.get(provider=provider).read_until
        if known_until:
            since = min(since, looked_back_to(known_until))
        try:
            with bound_contextvars(gateway=provider):
                result = reconcile_payments(
                    provider=provider,
                    since=since,
                    until=now,
                    now=now,
                    lines_since=known_until - OVERLAP if known_until else since,
                    on_page=partial(_keep_claim, provider),
                )
        except (GatewayUnavailable, GatewayMisused, ReportUnreadable) as error:
            log.warning("reconciliation_failed", gateway=provider, error=str(error))
            Reconciliation.objects.filter(provider=provider).update(problem=str(error))
            continue
        except Exception as error:
            # A mistake of ours with one provider must not keep the others from being compared.
            log.exception("reconciliation_broken", gateway=provider)
            Reconciliation.objects.filter(provider=provider).update(problem=repr(error))
            continue
        note_reconciled(provider=provider, since=since, until=now, now=now)
        log.info("reconciled", gateway=provider, lines=result.lines_read, new=result.lines_new)
        done.append(provider)
    return done


def _keep_claim(provider: str, _: int) -> None:
    """Say that the run is alive: it may take hours, and one that died is to be taken up again."""
    Reconciliation.objects.filter(provider=provider).update(began_at=Now())


def looked_back_to(until: datetime) -> datetime:
    """Give the beginning of the period that a comparison up to an instant is for."""
    return until - timedelta(days=settings.OMS_SETTLEMENT_DAYS) - EXTRA_DAYS


def note_reconciled(*, provider: str, since: datetime, until: datetime, now: datetime) -> None:
    """Remember how far a provider's report was compared, if the period follows on what was compared before.

    One that leaves a gap behind it or ends earlier is no comparison of the day, nor is a first one of
    fewer days than usual.
    """
    reached = min(until, now)
    row, _ = Reconciliation.objects.get_or_create(provider=provider)
    if since > (row.read_until or looked_back_to(reached)):
        return
    if row.read_until and reached < row.read_until:
        return
    row.began_at = row.began_at or reached
    row.ended_at = row.read_until = reached
    row.problem = ""
    row.save()


def claim(provider: str, now: datetime) -> bool:
    """Take on the day's comparison with a provider; False if it is done, or somebody else is at it."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "provider": provider,
                "now": now,
                "ended_before": now - EVERY,
                "began_before": now - LONGEST_SILENCE,
            },
        )
        return int(cursor.rowcount) == 1
