"""Find the tests without looking for garbage meanwhile: hardly anything imported is dropped again.

That takes an eighth of the time away in which every worker reads all tests. What was imported is not
looked through again afterwards. A file of tests therefore imports `config.wsgi`, which has garbage looked
for once it is loaded, within the test that needs it.
"""

import gc
from collections.abc import Iterator

import pytest

# Here and not in the hook: plugins and the files of fixtures are imported before it is called.
gc.disable()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for garbage again once all is imported."""
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
