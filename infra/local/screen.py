"""What `make run` shows: a line for each step, then one screen with all that a person needs."""

from pathlib import Path

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from infra.local.description import Run

LABEL_WIDTH = 40
QUIET = "dim"
HEADING = "bold cyan"
ORDER = """\
{"customer_id": "%s", "currency": "EUR",
   "items": [{"sku": "SKU-0001", "quantity": 2}, {"sku": "SKU-0002", "quantity": 1}],
   "shipping": {"method": "standard", "address": {
     "name": "Ada Lovelace", "line1": "Unter den Linden 1", "city": "Berlin",
     "postal_code": "10117", "country": "DE", "phone": "+49301234567"}},
   "payment": {"provider": "sandbox", "method": {"type": "card", "token": "tok_approve"}}}"""


class Screen:
    """Writes to one console; plain text where it is not a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def step(self, label: str, seconds: float) -> None:
        """Tick off one step of the start."""
        self._console.print(
            Text.assemble(("  ✓ ", "green"), f"{label:<{LABEL_WIDTH}} {seconds:>6.1f} s")
        )

    def ready(self, run: Run, *, home: Path, seconds: float) -> None:
        """Show where everything is, and how to place an order."""
        self._console.print()
        title = Text(f"The platform is ready after {seconds:.1f} s", style="bold green")
        self._console.print(Rule(title, style="green"))
        self._console.print()
        self._console.print(_addresses(run, home))
        self._console.print()
        self._console.print("  Staff for the admin", style=HEADING)
        self._console.print(_staff(run))
        self._commands("Place an order", *_placement(run))
        self._commands("See what became of it", *_follow_up(run))
        self._console.print()
        self._console.print(
            f"  Ctrl-C stops everything. The data stays in {home} until `make reset`.",
            style=QUIET,
            soft_wrap=True,
            highlight=False,
        )

    def stopped(self, seconds: float) -> None:
        """Say that all is down, in one line."""
        self._console.print(f"  Stopped everything in {seconds:.1f} s.")

    def _commands(self, heading: str, *lines: str) -> None:
        self._console.print(f"\n  {heading}", style=HEADING)
        for line in lines:
            # Left to the terminal to wrap, so that a copy of it has no line breaks of ours.
            self._console.print(line, soft_wrap=True, markup=False, highlight=False, emoji=False)


def _addresses(run: Run, home: Path) -> Table:
    table = Table.grid(padding=(0, 2))
    for label, value in (
        ("API documentation", f"{run['base_url']}/api/v1/docs"),
        ("Admin", run["admin_url"]),
        ("Mailbox", run["mailbox_url"]),
        ("Simulated providers", run["simulators_url"]),
        *_real_providers(run),
        ("Logs", str(home / "logs")),
        ("For scripts", str(home / "run.json")),
    ):
        table.add_row("", Text(label, style="bold"), Text(value, overflow="fold"))
    return table


def _real_providers(run: Run) -> list[tuple[str, str]]:
    """Name the providers that are no simulators, and where they are to send their messages."""
    real = {
        name: base
        for name, base in run["providers"].items()
        if not base.startswith(run["simulators_url"])
    }
    if not real:
        return [("Real providers", "none; the README says which variables make them real")]
    return [
        (
            f"{name.capitalize()} itself",
            f"{base}; messages to {run['base_url']}/api/v1/webhooks/{name}, see the README",
        )
        for name, base in real.items()
    ]


def _staff(run: Run) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("", *(Text(title, style=QUIET) for title in ("role", "user name", "password")))
    for role, login in run["staff"].items():
        words = (login["username"], login["password"])
        table.add_row("", Text(role, style="bold"), *(Text(word) for word in words))
    return table


def _placement(run: Run) -> list[str]:
    return [
        f"export TOKEN={run['token']}",
        f"curl -sS {run['base_url']}/api/v1/orders \\",
        '  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\',
        '  -H "Idempotency-Key: try-$(date +%s)" \\',
        f"  -d '{ORDER % run['customer_id']}'",
    ]


def _follow_up(run: Run) -> list[str]:
    return [
        f'curl -sS "{run["base_url"]}/api/v1/orders?page_size=1" \\',
        '  -H "Authorization: Bearer $TOKEN"',
    ]
