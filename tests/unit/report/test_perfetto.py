"""The Chrome trace holds every event with its exact times."""

import json

import pytest
import synthetic

from profiler.errors import DataMissingError
from profiler.report.exporters.perfetto import write_perfetto


def test_every_kernel_copy_and_range_is_there_exactly(tmp_path):
    recording = synthetic.everything()
    document = json.loads(write_perfetto(recording, tmp_path / "trace.json").read_text(encoding="utf-8"))
    events = document["traceEvents"]
    threads = {(item["pid"], item["tid"]): item["args"]["name"] for item in events if item["name"] == "thread_name"}
    for label, table in (("stream 7", "kernels"), ("stream 13", "memcpys")):
        frame = recording.table(table)
        found = [item for item in events if item["ph"] == "X" and threads[item["pid"], item["tid"]] == label]
        assert [round(item["ts"] * 1000) for item in found] == frame["start_ns"].tolist()
        assert [round(item["dur"] * 1000) for item in found] == frame["duration_ns"].tolist()
    copies = [item for item in events if item.get("name") == "memcpy HtoD"]
    assert {item["args"]["bytes"] for item in copies} == {16_777_216}
    assert sum(item.get("cat") == "nvtx" for item in events) == len(recording.table("nvtx_ranges"))
    assert sum(item.get("cat") == "api" for item in events) == len(recording.table("api_calls"))


def test_hostile_names_stay_text(tmp_path):
    events = json.loads(write_perfetto(synthetic.hostile(), tmp_path / "t.json").read_text(encoding="utf-8"))["traceEvents"]
    assert any(item["name"].startswith(synthetic.HOSTILE) for item in events)


def test_a_recording_without_events_is_refused(tmp_path):
    with pytest.raises(DataMissingError, match="no event"):
        write_perfetto(synthetic.silent(), tmp_path / "t.json")
