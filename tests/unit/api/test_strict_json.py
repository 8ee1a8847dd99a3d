"""JSON that two readers could understand differently is refused; the rest is read."""

import json
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from app.api.strict_json import BadJson, read_json

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**38), 10**38) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=15,
)


@given(VALUES)
def test_what_was_written_is_what_is_read(value):
    assert read_json(json.dumps(value).encode()) == value
    assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200))
def test_anything_is_read_or_refused(content):
    with suppress(BadJson):
        read_json(content)
