"""Number receipts and credit notes."""

from typing import Any

from apps.payments.services.number_documents import number_all_documents
from apps.platform.commands import PlatformCommand


class Command(PlatformCommand):
    help = (
        "Number every charge and refund that has no receipt or credit note yet, in the whole ledger. "
        "Workers do it every minute; this is for whoever cannot wait. Again numbers nothing twice."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{number_all_documents(of_all_times=True)} numbered")
