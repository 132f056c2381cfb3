"""Series of documents, and how far reconciliation has come, for finance to read in the back office."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.utils import timezone

from apps.payments.models import Document, DocumentSeries, Reconciliation, SettlementDifference
from apps.payments.services.number_documents import number_all_documents, number_documents
from tests.integration.admin.conftest import Enter
from tests.integration.admin.story import make_day
from tests.integration.admin.test_pages import queries_of
from tests.integration.payments.reports import line, reconcile
from tests.integration.payments.story import captured

pytestmark = pytest.mark.django_db(transaction=True)

admin.autodiscover()

SERIES = "/admin/payments/documentseries/"
RECONCILIATIONS = "/admin/payments/reconciliation/"


class TestSeries:
    def test_say_what_they_number_and_what_number_came_last(self, enter: Enter) -> None:
        make_day()
        number_all_documents()
        newest = Document.objects.filter(kind="receipt").latest("nth")
        client = enter("finance")
        shown = client.get(SERIES).content.decode()
        assert f'<a href="{SERIES}{newest.series}/change/"' in shown
        assert newest.number in shown
        assert "receipt" in shown
        page = client.get(f"{SERIES}{newest.series}/change/").content.decode()
        assert f"/admin/payments/document/?q={newest.series}" in page
        receipts = Document.objects.filter(series=newest.series)
        assert receipts.count() > 1
        assert all(one.number in page for one in receipts)

    def test_cost_the_same_however_many_documents_they_have(self, enter: Enter) -> None:
        make_day()
        number_documents(at_most=1)
        series = DocumentSeries.objects.get().series
        client, pages = enter("finance"), (SERIES, f"{SERIES}{series}/change/")
        one = [queries_of(client, page) for page in pages]
        number_all_documents()
        assert Document.objects.filter(series=series).count() > 1
        assert [queries_of(client, page) for page in pages] == one

    def test_are_shown_while_there_are_none(self, enter: Enter) -> None:
        assert "There are no document series yet." in enter("finance").get(SERIES).content.decode()

    def test_are_typed_over_by_nobody(self, enter: Enter) -> None:
        DocumentSeries.objects.create(series="R-2026", last=7)
        page = f"{SERIES}R-2026/change/"
        assert enter("root").post(page, {"last": "1"}).status_code == 403
        assert DocumentSeries.objects.get().last == 7
        assert enter("nobody").get(page).status_code == 403


class TestReconciliations:
    def test_show_how_far_each_came_and_what_it_found(self, enter: Enter) -> None:
        now = timezone.now()
        reconcile([line(of=captured(now), gross=90, fee=27, at=now)], now)
        Reconciliation.objects.create(provider="adyen", problem="The report cannot be read.")
        Reconciliation.objects.create(provider="stripe", ended_at=now, read_until=now)
        client = enter("finance")
        rows = {
            one.provider: one.open_differences
            for one in client.get(RECONCILIATIONS).context["cl"].result_list
        }
        assert rows == {"adyen": None, "stripe": 1}
        page = client.get(f"{RECONCILIATIONS}stripe/change/").content.decode()
        difference = SettlementDifference.objects.get()
        for shown in (">compared<", "amount differs", f"{difference.id}/change/", "0.27 EUR"):
            assert shown in page
        page = client.get(f"{RECONCILIATIONS}adyen/change/").content.decode()
        for shown in (
            ">failed<",
            "The report cannot be read.",
            "Nothing is open.",
            "of the last 90 days.",
        ):
            assert shown in page
        settled = client.get("/admin/payments/settlementlinerecord/").content.decode()
        assert f'href="{RECONCILIATIONS}stripe/change/"' in settled

    def test_cost_the_same_however_much_differs(self, enter: Enter) -> None:
        now = timezone.now()
        Reconciliation.objects.create(provider="stripe", ended_at=now, read_until=now)
        client = enter("finance")
        pages = (RECONCILIATIONS, f"{RECONCILIATIONS}stripe/change/")
        few = [queries_of(client, page) for page in pages]
        reconcile([line(reference=f"ch_{nth}", at=now) for nth in range(40)], now)
        SettlementDifference.objects.filter(subject="charge:ch_1").update(
            found_at=now - timedelta(days=200)
        )
        assert SettlementDifference.objects.count() == 40
        assert [queries_of(client, page) for page in pages] == few

    def test_are_shown_while_there_are_none_and_to_nobody_without_a_role(
        self, enter: Enter
    ) -> None:
        page = enter("finance").get(RECONCILIATIONS, {"q": "' OR 1=1 --"})
        assert page.status_code == 200
        assert enter("nobody").get(RECONCILIATIONS).status_code == 403
        assert enter("finance").get(f"{RECONCILIATIONS}nowhere/change/").status_code == 302
