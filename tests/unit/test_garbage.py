"""Looking for garbage begins once, when all is there."""

import gc
from collections.abc import Iterator

import pytest

from app.garbage import begin_collecting


@pytest.fixture
def not_collecting() -> Iterator[None]:
    before = gc.get_threshold()
    gc.disable()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    gc.enable()


def test_what_is_there_is_not_looked_at_again(not_collecting: None) -> None:
    begin_collecting()
    kept = gc.get_freeze_count()
    more = [[] for _ in range(1000)]
    begin_collecting()

    assert gc.isenabled()
    assert len(more) == 1000
    assert 0 < gc.get_freeze_count() <= kept
