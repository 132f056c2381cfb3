"""Series of receipts and credit notes, to look at: what number each has come to."""

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from apps.payments.admin.documents import documents_table
from apps.payments.domain.documents import PREFIXES, number_of
from apps.payments.models import Document, DocumentSeries
from apps.platform.backoffice.admin import ReadOnlyAdmin
from apps.platform.backoffice.formatting import link
from apps.platform.backoffice.panels import Panel, TitledPanel

SHOWN = 25
_KINDS = {prefix: kind.replace("_", " ") for kind, prefix in PREFIXES.items()}


@admin.register(DocumentSeries)
class DocumentSeriesAdmin(ReadOnlyAdmin):
    """The numbers of one kind of document and one year; there are two for each year."""

    list_display = ("series", "kind", "year", "last_number", "documents_link")
    ordering: ClassVar = ["-series"]
    fields = list_display

    @admin.display(description="Of")
    def kind(self, series: DocumentSeries) -> str:
        """Name what it numbers."""
        prefix, _, _ = series.series.partition("-")
        return _KINDS.get(prefix, prefix)

    @admin.display(description="Year")
    def year(self, series: DocumentSeries) -> str:
        """Show the year of the money that it tells of."""
        _, _, year = series.series.partition("-")
        return year

    @admin.display(description="Number given last")
    def last_number(self, series: DocumentSeries) -> str:
        """Show the number in full, as it stands on the document."""
        return number_of(series.series, series.last)

    @admin.display(description="Documents")
    def documents_link(self, series: DocumentSeries) -> SafeString:
        """Lead to all of its documents."""
        page = reverse("admin:payments_document_changelist")
        return link(f"{page}?{urlencode({'q': series.series})}", f"{series.last:,}")

    def list_panels(self, request: HttpRequest, obj: DocumentSeries) -> list[TitledPanel]:
        """Show the documents that were numbered last; the index over series and number finds them."""
        newest = (
            Document.objects.filter(series=obj.series)
            .select_related("payment", "cancels__document")
            .order_by("-nth")[:SHOWN]
        )
        return [
            TitledPanel(
                title="Numbered last, the newest first",
                panel=Panel(tables=(documents_table(list(newest)),)),
            )
        ]
