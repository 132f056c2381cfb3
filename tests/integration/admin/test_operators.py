"""What operators do: parked events, and deliveries again."""

from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from apps.platform.audit.models import AuditEntry
from apps.platform.outbox.models import Delivery, ParkedKey
from apps.platform.outbox.parking import bury, park
from tests.integration.admin.conftest import Enter
from tests.integration.admin.story import SUBSCRIBER

pytestmark = pytest.mark.django_db(transaction=True)

PARKED = "/admin/platform_outbox/parkedkey/"


def make_parked(first: int = 1, *, is_dead: bool = True) -> ParkedKey:
    """Park a key whose first of two events fails."""
    key = uuid4()
    for event_id in (first, first + 1):
        Delivery.objects.create(
            subscriber=SUBSCRIBER, lane=0, event_id=event_id, occurred_at=timezone.now(), key=key
        )
    if is_dead:
        bury(subscriber=SUBSCRIBER, key=key, event_id=first)
    else:
        park(subscriber=SUBSCRIBER, key=key, event_id=first, error=ValueError("no"))
    return ParkedKey.objects.get(key=key)


def waiting(parked: ParkedKey) -> list[int]:
    deliveries = Delivery.objects.filter(key=parked.key).order_by("event_id")
    return list(deliveries.values_list("event_id", flat=True))


class TestParkedEvents:
    def test_are_tried_again(self, enter: Enter) -> None:
        parked = make_parked()
        client = enter("operations")
        assert client.get(f"{PARKED}{parked.id}/retry/").status_code == 200
        answer = client.post(f"{PARKED}{parked.id}/retry/", {"reason": "fixed in 1.4"})
        assert answer.status_code == 302
        parked.refresh_from_db()
        assert (parked.dead, parked.attempts) == (False, 0)
        assert waiting(parked) == [1, 2]
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.reason) == ("outbox.retry", "fixed in 1.4")
        assert (entry.subject_type, entry.subject_id) == ("parked_event", str(parked.id))
        assert entry.changes["event_id"] == 1

    def test_are_skipped_with_a_reason(self, enter: Enter) -> None:
        parked = make_parked()
        client = enter("operations")
        assert client.post(f"{PARKED}{parked.id}/skip/", {"reason": ""}).status_code == 200
        assert waiting(parked) == [1, 2]
        client.post(f"{PARKED}{parked.id}/skip/", {"reason": "made good by hand"})
        assert waiting(parked) == [2]
        assert not ParkedKey.objects.exists()
        assert AuditEntry.objects.get().action == "outbox.skip_event"

    def test_are_not_skipped_while_they_are_still_tried(self, enter: Enter) -> None:
        parked = make_parked(is_dead=False)
        enter("operations").post(f"{PARKED}{parked.id}/skip/", {"reason": "impatient"})
        assert waiting(parked) == [1, 2]
        assert not AuditEntry.objects.exists()

    @pytest.mark.parametrize(
        ("action", "left"),
        [("retry_chosen", [[1, 2], [3, 4]]), ("skip_chosen", [[2], [4]])],
    )
    def test_are_chosen_in_the_list(self, enter: Enter, action: str, left: list[list[int]]) -> None:
        first, second, other = make_parked(1), make_parked(3), make_parked(5)
        client = enter("operations")
        form = {"action": action, "_selected_action": [str(first.id), str(second.id)]}
        question = client.post(PARKED, form)
        assert question.status_code == 200
        assert str(first.key).encode() in question.content
        assert not AuditEntry.objects.exists()
        assert client.post(PARKED, {**form, "reason": "fixed"}).status_code == 302
        assert [waiting(one) for one in (first, second, other)] == [*left, [5, 6]]
        assert ParkedKey.objects.filter(dead=True).get().id == other.id
        assert AuditEntry.objects.count() == 2

    @pytest.mark.parametrize("role", ["agent", "lead", "finance", "auditor"])
    def test_are_left_alone_by_other_roles(self, enter: Enter, role: str) -> None:
        parked = make_parked()
        client = enter(role)
        for deed in ("retry", "skip"):
            assert client.get(f"{PARKED}{parked.id}/{deed}/").status_code == 403
            answer = client.post(f"{PARKED}{parked.id}/{deed}/", {"reason": "let me"})
            assert answer.status_code == 403
            chosen = {"action": f"{deed}_chosen", "_selected_action": [str(parked.id)]}
            client.post(PARKED, {**chosen, "reason": "let me"})
        parked.refresh_from_db()
        assert parked.dead
        assert waiting(parked) == [1, 2]
        assert not AuditEntry.objects.exists()

    def test_make_their_subscriber_lag(self, enter: Enter) -> None:
        make_parked(is_dead=False)
        make_parked(3)
        # In hours, which leave out the seconds that pass until the page is made.
        Delivery.objects.update(occurred_at=timezone.now() - timedelta(minutes=90))
        page = enter("auditor").get(reverse("admin:platform_outbox_lag")).content.decode()
        assert "1 h 30 min, 2 waiting, 1 dead" in page
        assert 'aria-label="payments.saga: 1 h 30 min, 2 waiting, 1 dead"' in page

    def test_make_no_lag_once_they_are_dead(self, enter: Enter) -> None:
        make_parked()
        Delivery.objects.update(occurred_at=timezone.now() - timedelta(seconds=90))
        page = enter("auditor").get(reverse("admin:platform_outbox_lag")).content.decode()
        assert 'aria-label="payments.saga: up to date, 1 dead"' in page

    def test_are_skipped_while_they_wait_for_another_release(self, enter: Enter) -> None:
        parked = make_parked(is_dead=False)
        ParkedKey.objects.update(attempts=0)
        enter("operations").post(f"{PARKED}{parked.id}/skip/", {"reason": "taken back"})
        assert waiting(parked) == [2]


class TestRetryDeliveries:
    def run(self, *arguments: str) -> str:
        said = StringIO()
        call_command("retry_deliveries", *arguments, stdout=said)
        return said.getvalue()

    def test_lists_what_needs_a_person(self) -> None:
        dead, tried, waits = make_parked(1), make_parked(3, is_dead=False), make_parked(5)
        ParkedKey.objects.filter(id=waits.id).update(dead=False, attempts=0)
        said = self.run()
        assert str(dead.key) in said
        assert str(waits.key) in said
        assert str(tried.key) not in said

    def test_tries_all_again_and_writes_it_down(self) -> None:
        parked = [make_parked(1), make_parked(3)]
        assert self.run("--retry").startswith("2 ")
        assert not ParkedKey.objects.filter(dead=True).exists()
        entries = AuditEntry.objects.filter(action="outbox.retry")
        assert {entry.subject_id for entry in entries} == {str(one.id) for one in parked}
        assert {entry.actor for entry in entries} == {"system:retry_deliveries"}

    def test_skips_the_one_that_is_named_with_a_reason(self) -> None:
        parked, other = make_parked(1), make_parked(3)
        assert self.run("--skip", "--id", str(parked.id), "--reason", "made good").startswith("1 ")
        assert [waiting(parked), waiting(other)] == [[2], [3, 4]]
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.reason) == ("outbox.skip_event", "made good")
        assert (entry.actor, entry.changes["event_id"]) == ("system:retry_deliveries", 1)

    @pytest.mark.parametrize(
        "unknown", [["--subscriber", "nobody"], ["--id", "999"], ["--retry", "--id", "999"]]
    )
    def test_says_that_what_is_named_does_not_wait(self, unknown: list[str]) -> None:
        parked = make_parked()
        with pytest.raises(CommandError) as refused:
            self.run(*unknown)
        assert refused.value.returncode == 2
        assert waiting(parked) == [1, 2]

    @pytest.mark.parametrize(
        "missing", [[], ["--id", "1"], ["--reason", "all of them"], ["--retry", "--id", "1"]]
    )
    def test_does_not_skip_without_an_id_and_a_reason(self, missing: list[str]) -> None:
        parked = make_parked()
        with pytest.raises(CommandError):
            self.run("--skip", *missing)
        assert waiting(parked) == [1, 2]
        assert not AuditEntry.objects.exists()
