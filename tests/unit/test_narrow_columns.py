"""Narrow columns: coding of text, numbering of rows, and the way to DataFrames and back."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiler.columns import Coded, Columns, concatenate, encode, narrow
from profiler.distinct import distinct, distinct_rows


@given(st.lists(st.one_of(st.integers(-5, 5), st.integers(-(2**62), 2**62)), max_size=40))
def test_distinct(values):
    found, codes = distinct(np.array(values, dtype=np.int64))
    assert found.tolist() == sorted(set(values))
    assert found[codes].tolist() == values if values else len(codes) == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-(2**40), 2**40), st.integers(0, 1)), max_size=40))
def test_distinct_rows(rows):
    columns = [np.array([row[i] for row in rows], dtype=np.int64) for i in range(3)]
    first, codes = distinct_rows(columns)
    assert [rows[i] for i in first.tolist()] == sorted(set(rows))
    assert [rows[first[code]] for code in codes.tolist()] == rows


@given(st.lists(st.sampled_from(["a", "b", "c", None]), max_size=20), st.lists(st.sampled_from(["c", "d", None]), max_size=20))
def test_concatenated_texts_share_codes(first, second):
    joined = concatenate([encode(first), encode(second)])
    assert joined.decode().tolist() == first + second
    assert len(set(joined.values)) == len(joined.values)


def test_renamed_texts_that_meet_share_a_code():
    renamed = encode(["Device", "device", None]).renamed(str.lower)
    assert renamed.values == ["device"] and renamed.decode().tolist() == ["device", "device", None]
    assert renamed.filled("unknown").decode().tolist() == ["device", "device", "unknown"]


@pytest.mark.parametrize(("values", "dtype"), [([0, 2**31 - 1], np.int32), ([0, 2**31], np.int64), ([-(2**31) - 1], np.int64)])
def test_narrow_keeps_every_value(values, dtype):
    result = narrow(np.array(values, dtype=np.int64))
    assert result.dtype == dtype and result.tolist() == values


def test_frames_have_wide_integers_and_keep_what_is_missing():
    columns = Columns(
        {
            "size": np.array([2**31 - 1, 1], dtype=np.int32),
            "node": np.ma.masked_array([7, 0], [False, True]),
            "name": Coded(np.array([1, -1]), ["unused", "k"]),
            "share": np.array([0.5, np.nan]),
            "text": np.array(["x", None], dtype=object),
        }
    )
    frame = columns.to_frame()
    # a product of 32-bit columns would overflow silently
    assert (frame["size"] * 4).tolist() == [8589934588, 4]
    assert frame["node"].dtype == "Int64" and frame["node"].isna().tolist() == [False, True]
    assert frame["name"].tolist()[0] == "k" and pd.isna(frame["name"].iloc[1])
    assert columns.to_records()[1] == {"size": 1, "node": None, "name": None, "share": None, "text": None}


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match="differ in length"):
        Columns({"a": np.zeros(2), "b": np.zeros(3)})
