"""What the machine's database can do at best: the bare statements of confirmed orders, no platform.

Three commits an order, prepared statements, 8 clients, in a database of its own on the same server.
pgbench makes them where it is installed, else this process does, which costs more and finds less.
"""

import os
import random
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from msgspec import Struct
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from infra.local.failure import CannotStart
from infra.local.postgres_binaries import find_binaries

CLIENTS = 8
SKUS = 1000
SCRATCH = "oms_ceiling"
TABLES = Path(__file__).with_name("ceiling.sql")
ORDER = Path(__file__).with_name("ceiling_order.sql")
# In pgbench's own language: two different numbers of SKUs, the smaller first.
CHOICE = f"""\\set x random(1, {SKUS})
\\set y (:x + random(1, {SKUS - 1}) - 1) % {SKUS} + 1
\\set a least(:x, :y)
\\set b greatest(:x, :y)
"""
GRACE_SECONDS = 30.0


class Ceiling(Struct, frozen=True, kw_only=True):
    """Orders a minute, and the program that made them."""

    orders_per_min: float
    made_by: str


def measure_ceiling(url: str, *, seconds: float) -> Ceiling:
    """Write confirmed orders for so many seconds, as fast as the server takes them.

    Raises:
        CannotStart: pgbench failed; with what it said.
    """
    with _scratch_database(url) as scratch:
        pgbench = find_pgbench()
        if pgbench is not None:
            return _by_pgbench(pgbench, scratch, seconds)
        return _by_ourselves(scratch, seconds)


def find_pgbench() -> Path | None:
    """Find pgbench beside the server's programs, or in an installation of the system."""
    folders = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    with suppress(CannotStart):
        folders.insert(0, find_binaries())
    return next((path for folder in folders if (path := folder / "pgbench").exists()), None)


def statements_of(script: str) -> list[tuple[str, bool]]:
    """Split a pgbench script into statements, in psycopg's form; True: its row holds variables."""
    code = re.sub(r"^--.*$", "", script, flags=re.MULTILINE)
    found = []
    for text, end in re.findall(r"(.+?)(;|\\gset)\s*$", code, flags=re.MULTILINE | re.DOTALL):
        statement = re.sub(r"(?<![:\w\"]):([a-z_]+)\b", r"%(\1)s", text.strip())
        found.append((statement, end == "\\gset"))
    return found


@contextmanager
def _scratch_database(url: str) -> Iterator[str]:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {SCRATCH} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {SCRATCH}")
        try:
            scratch = make_conninfo(url, dbname=SCRATCH)
            with psycopg.connect(scratch, autocommit=True) as connection:
                connection.execute(TABLES.read_bytes())
                connection.execute("VACUUM ANALYZE")
            yield scratch
        finally:
            server.execute(f"DROP DATABASE IF EXISTS {SCRATCH} WITH (FORCE)")


def _by_pgbench(program: Path, url: str, seconds: float) -> Ceiling:
    given = conninfo_to_dict(url)
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(CHOICE + ORDER.read_text(encoding="utf-8"))
        script.flush()
        done = subprocess.run(
            [
                *(program, "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}"),
                *("--jobs=2", f"--time={max(1, round(seconds))}", f"--file={script.name}"),
                SCRATCH,
            ],
            env={**os.environ, **{names[key]: str(given[key]) for key in names if key in given}},
            capture_output=True,
            text=True,
            timeout=seconds + GRACE_SECONDS,
            check=False,
        )
    found = re.search(r"^tps = ([\d.]+)", done.stdout, flags=re.MULTILINE)
    if done.returncode != 0 or found is None:
        raise CannotStart(f"pgbench failed:\n{done.stderr.strip()}")
    return Ceiling(orders_per_min=60 * float(found[1]), made_by="pgbench")


def _by_ourselves(url: str, seconds: float) -> Ceiling:
    statements = statements_of(ORDER.read_text(encoding="utf-8"))
    deadline = time.monotonic() + seconds
    with ThreadPoolExecutor(CLIENTS) as clients:
        made = sum(clients.map(lambda _: _client(url, statements, deadline), range(CLIENTS)))
    return Ceiling(orders_per_min=60 * made / seconds, made_by="psycopg")


def _client(url: str, statements: list[tuple[str, bool]], deadline: float) -> int:
    made = 0
    with psycopg.connect(url, autocommit=True, prepare_threshold=0, row_factory=dict_row) as link:
        while time.monotonic() < deadline:
            a, b = sorted(random.sample(range(1, SKUS + 1), 2))
            # As text, like pgbench: the server then sees the same types.
            variables: dict[str, object] = {"a": str(a), "b": str(b)}
            for statement, has_row in statements:
                cursor = link.execute(statement.encode(), variables)
                if has_row:
                    variables |= cursor.fetchone() or {}
            made += 1
    return made
