"""CSV that is safe to open in a spreadsheet, and exact for everything else."""

from io import StringIO

import numpy as np
import pandas as pd
import pytest

from profiler.report.exporters.table_csv import to_csv

EVIL = ['=HYPERLINK("http://x")', "+1+1", "-cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1", "\n=1"]


@pytest.mark.parametrize("dtype", [object, "string", "category"])
def test_text_that_looks_like_a_formula_is_marked(dtype):
    frame = pd.DataFrame({"name": pd.Series([*EVIL, "plain", "a=b", "two\rlines", None], dtype=dtype)})
    found = pd.read_csv(StringIO(to_csv(frame)), keep_default_na=False)["name"].tolist()
    assert [text[0] for text in found[: len(EVIL)]] == ["'"] * len(EVIL)
    assert found[len(EVIL) :] == ["plain", "a=b", "two\nlines", ""]


def test_numbers_and_the_table_stay_as_they_are():
    frame = pd.DataFrame({"value": [-1.5, np.nan], "count": pd.array([-2, None], dtype="Int64"), "mixed": [-3, "x"]})
    assert to_csv(frame) == "value,count,mixed\n-1.5,-2,-3\n,,x\n"
    assert frame["mixed"].tolist() == [-3, "x"]
