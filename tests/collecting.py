"""Find the tests without looking for garbage meanwhile: hardly anything imported is dropped again.

That takes an eighth of the time away in which every worker reads all tests. What was imported is not
looked through again afterwards. A file of tests therefore imports `config.wsgi`, which has garbage looked
for once it is loaded, within the test that needs it.

What pytest makes of a file, so that an assertion says what was compared, is kept for the next run, even where
Python is told to keep nothing: to make it takes longer than all the rest of reading the tests.
"""

import gc
import sys
from collections.abc import Iterator

import pytest

# Here and not in the hook: plugins and the files of fixtures are imported before it is called.
gc.disable()
sys.dont_write_bytecode = False


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for garbage again once all is imported."""
    try:
        return (yield)
    finally:
        gc.freeze()
        # Thirty times rarer than Python does by itself: a run of tests has little, and soon ends.
        gc.set_threshold(20_000, 20, 20)
        gc.enable()
