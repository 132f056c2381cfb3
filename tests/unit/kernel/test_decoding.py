"""Reading JSON and plain values as our types, in many threads."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import msgspec
import pytest

from apps.kernel.decoding import convert, decode, decoder_of
from infra.local.home import PROJECT

_FIRST_USE = """
import threading
from tests.unit.kernel.test_decoding import Outer, has_begun
from apps.kernel.decoding import convert, decode
{change}

def read():
    assert decode(b'{{"inner": {{"number": 1}}}}', Outer).inner.number == 1
    assert convert({{"inner": {{"number": 1}}}}, Outer).inner.number == 1

threads = [threading.Thread(target=read) for _ in range(2)]
threads[0].start()
has_begun.wait()
threads[1].start()
for thread in threads:
    thread.join()
"""
_WITHOUT_LOCK = "import contextlib; import apps.kernel.decoding as it; it._describing = contextlib.nullcontext()"


has_begun = threading.Event()


def slowly_described() -> type[int]:
    """Give a type when it is first described, and let every other thread go on meanwhile."""
    if threading.current_thread() is not threading.main_thread():
        has_begun.set()
        # In small steps: of one long sleep nothing is left where the process itself was held up.
        for _ in range(30):
            time.sleep(0.01)
    return int


class Inner(msgspec.Struct):
    number: slowly_described()  # type: ignore[valid-type]  # Python asks it when it is described


class Outer(msgspec.Struct):
    inner: Inner


class Whole(msgspec.Struct):
    count: int = 0


def first_use(change: str = "") -> int:
    """Let two threads use a type for the first time, in a process of their own; give how it ends."""
    program = _FIRST_USE.format(change=change)
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, cwd=PROJECT, capture_output=True, check=False, timeout=60
    ).returncode


class TestDecoding:
    def test_reads_json_and_values(self) -> None:
        assert decode(b'{"count": 3}', Whole) == Whole(count=3)
        assert decode('{"count": 3}') == {"count": 3}
        assert convert({"count": 3}, Whole) == Whole(count=3)
        assert convert({"count": "3"}, Whole, strict=False) == Whole(count=3)

    def test_refuses_what_does_not_fit(self) -> None:
        with pytest.raises(msgspec.ValidationError, match=r"\$\.count"):
            decode(b'{"count": "3"}', Whole)
        with pytest.raises(msgspec.ValidationError, match=r"\$\.count"):
            convert({"count": "3"}, Whole)
        with pytest.raises(msgspec.DecodeError):
            decode(b"{", Whole)

    def test_makes_a_decoder_once(self) -> None:
        assert decoder_of(Whole) is decoder_of(Whole)

    def test_stands_threads_that_use_a_type_for_the_first_time(self) -> None:
        assert first_use() == 0

    def test_would_not_without_its_lock(self) -> None:
        # Once this fails msgspec is safe by itself, and the module can go.
        assert first_use(_WITHOUT_LOCK) < 0
