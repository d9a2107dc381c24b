"""Parquet copies give back exactly the columns that were written, without pandas."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiler.columns import Coded, Columns
from profiler.tables.cache import TableCache

ROOT = Path(__file__).parents[3]
big_integers = st.integers(-(2**63), 2**63 - 1)
texts = st.one_of(st.none(), st.text(max_size=5))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(0, 1), texts, st.floats(), st.integers(-1, 1)), max_size=30
    )
)
def test_round_trip(tmp_path, rows):
    big, flag, text, real, code = ([row[i] for row in rows] for i in range(5))
    objects = np.empty(len(rows), dtype=object)
    objects[:] = text
    columns = Columns(
        {
            "big": np.array(big, dtype=np.int64),
            "small": np.array(flag, dtype=np.int32),
            "masked": np.ma.masked_array(np.array(big, dtype=np.int64), np.array(flag, dtype=bool)),
            "boolean": np.array(flag, dtype=bool),
            "text": objects,
            "real": np.array(real, dtype=np.float64),
            "coded": Coded(np.array(code, dtype=np.int32), ["</script>", "ü"]),
            "tiny": Coded(np.array(code, dtype=np.int8), ["a", "b"]),
        }
    )
    cache = TableCache(tmp_path, "capture", "key")
    cache.write({"kernels": columns}, {"memcpys": "none"}, {"tool": "nsys"})
    found = cache.read("kernels")
    assert found is not None and list(found) == list(columns)
    assert found.array("big").tolist() == big and found.array("small").dtype == np.int32
    assert found.array("boolean").tolist() == [bool(value) for value in flag]
    assert found.array("text").tolist() == text
    np.testing.assert_array_equal(found.array("real"), np.array(real, dtype=np.float64))
    for name in ("masked", "coded", "tiny"):
        assert found.array(name).tolist() == columns.array(name).tolist()
    assert cache.index()["absent"] == {"memcpys": "none"}
    assert TableCache(tmp_path, "capture", "other key").read("kernels") is None
    assert TableCache(tmp_path, "capture", "other key").index() == {}


@pytest.mark.parametrize("name", ["kernels.parquet", "index.json"])
def test_a_flipped_bit_never_passes_for_a_copy(tmp_path, name):
    columns = Columns({"start_ns": np.arange(0, 9000, 7), "kernel": Coded(np.arange(1286) % 3, ["scale", "add", "copy"])})
    TableCache(tmp_path, "capture", "key").write({"kernels": columns}, {"memcpys": "none"}, {"version": "2025.3"})
    path = tmp_path / name
    whole = path.read_bytes()
    # every bit of the index; of the table each byte, another bit in each
    places = range(len(whole) * 8) if name == "index.json" else range(0, len(whole) * 8, 9)
    for place in places:
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        cache = TableCache(tmp_path, "capture", "key")
        index, table = cache.index(), cache.read("kernels")
        assert table is None or (
            index["info"] == {"version": "2025.3"} and table.array("start_ns").tolist() == list(range(0, 9000, 7))
        )
        assert index == {} or (index["info"] == {"version": "2025.3"} and index["absent"] == {"memcpys": "none"})
    path.write_bytes(whole)
    assert TableCache(tmp_path, "capture", "key").read("kernels") is not None


def test_copies_need_no_pandas(tmp_path):
    code = f"""
import sys
from pathlib import Path
import numpy as np
from profiler.columns import Coded, Columns
from profiler.tables.cache import TableCache
cache = TableCache(Path({str(tmp_path)!r}), "capture", "key")
texts = np.array(["x", None], dtype=object)
cache.write({{"kernels": Columns({{"a": np.arange(2), "m": np.ma.masked_array([1, 2], [True, False]), "t": texts,
                                  "c": Coded(np.array([0, -1]), ["k"])}})}}, {{}}, {{}})
cache.read("kernels")
print("pandas" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"
