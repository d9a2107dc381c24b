"""Data in a page: JSON that cannot end its element, columns that come back exactly."""

import base64
import json
import zlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiler.report.embed import json_text, pack_column, pack_integers


def unpack(packed):
    """The inverse that the page's script applies, in NumPy."""
    planes = np.frombuffer(zlib.decompress(base64.b64decode(packed["lo"])), np.uint8).reshape(4, packed["n"]).astype(np.int64)
    values = sum(planes[plane] << 8 * plane for plane in range(4))
    if packed["hi"]:
        values = values + (np.frombuffer(zlib.decompress(base64.b64decode(packed["hi"])), "<u2").astype(np.int64) << 32)
    return values


@pytest.mark.parametrize(
    "text", ["</script><script>alert(1)</script>", "<!--<script>", "a<b", "\"'&\\", "\u2028\u2029", "αβ🚀", "\ud800"]
)
def test_json_never_holds_a_tag_and_comes_back(text):
    written = json_text({"x": [text], text: 1})
    assert "<" not in written
    expected = text.encode("utf-8", "replace").decode("utf-8")
    assert json.loads(written)["x"] == [expected]


def test_json_writes_missing_numbers_as_null_and_numpy_as_numbers():
    assert json.loads(json_text([float("nan"), float("inf"), np.int64(3), np.float32(0.5), np.array([1, 2]), None, True])) == [
        None,
        None,
        3,
        0.5,
        [1, 2],
        None,
        True,
    ]


@given(st.lists(st.integers(min_value=0, max_value=2**48 - 1), max_size=50))
def test_packed_integers_come_back_exactly(values):
    packed = pack_integers(np.array(values, dtype=np.int64))
    assert packed["n"] == len(values)
    assert not values or unpack(packed).tolist() == values


@pytest.mark.parametrize("values", [[-1], [2**48]])
def test_packing_refuses_what_does_not_fit(values):
    with pytest.raises(ValueError, match="48 bits"):
        pack_integers(np.array(values))


def test_columns_keep_missing_values_and_whole_numbers():
    assert pack_column(pd.Series([1.0, np.nan, 2.5])) == [1, None, 2.5]
    assert pack_column(pd.Series([2**53 + 1, 1])) == [2**53 + 1, 1]
    assert pack_column(pd.Series([1, None], dtype="Int64")) == [1, None]
    assert pack_column(pd.Series(["a", None, "a"])) == {"dict": ["a"], "codes": [0, -1, 0]}
    assert pack_column(pd.Series(pd.Categorical(["b", "a", "b"]))) == {"dict": ["b", "a"], "codes": [0, 1, 0]}
    assert pack_column(pd.Series([True, False])) == {"dict": ["yes", "no"], "codes": [0, 1]}
