"""The panels of Nsight Compute's figures: the order of the counters, the limits of the roofline."""

import json

import pandas as pd
import pytest
import synthetic

from profiler.report.panels import counters, roofline
from profiler.report.view import View


def view(**options):
    return View([synthetic.bare("report.ncu-rep", synthetic.ncu_frames(**options), "ncu")])


def names_of(table):
    column = table.data[[column.name for column in table.columns].index("metric")]
    return [column["dict"][code] for code in column["codes"]]


@pytest.mark.parametrize("launches", [2, 20])
def test_counters_that_people_look_at_come_first(launches):
    frames = synthetic.ncu_frames(launches=launches)
    more = [
        frames["counters"].head(1).assign(metric=name) for name in ("device__attribute_max_warps", "c2clink__present", "lts__hits")
    ]
    frames["counters"] = pd.concat([frames["counters"], *more], ignore_index=True).sort_values(
        ["launch_id", "metric"], kind="stable", ignore_index=True
    )
    blocks = counters.build(View([synthetic.bare("report.ncu-rep", frames, "ncu")]))
    found = [name.split("__")[0] for name in dict.fromkeys(names_of(blocks[-1]))]
    assert list(dict.fromkeys(found)) == ["sm", "gpu", "dram", "lts", "smsp", "launch", "c2clink", "device"]


def test_half_kernels_get_the_limit_of_half_arithmetic():
    plain = roofline.build(view())[0]
    half, note = roofline.build(view(name="void k<__half>(int)"))
    assert [trace["name"] for trace in plain.data] == ["limit of memory and FP32", "swish_scalar_kernel<float>"]
    assert [trace["name"] for trace in half.data] == ["limit of memory and FP32", "limit of FP16", "k<__half>"]
    assert half.data[1]["y"][-1] == pytest.approx(2 * half.data[0]["y"][-1])
    assert "2 times that of FP32" in note.text
    frames = synthetic.ncu_frames(name="void k<__half>(int)")
    frames["devices"] = frames["devices"].assign(compute_capability="99.0")
    unknown, note = roofline.build(View([synthetic.bare("report.ncu-rep", frames, "ncu")]))
    assert "limit of FP16" not in json.dumps(unknown.data) and "not known" in note.text


def test_points_of_the_roofline_name_shape_and_block():
    details = roofline.build(view())[0].data[-1]["customdata"]
    assert details[0][0] == "swish scalar 65536x1024 fp32 block 64"
    assert details[0][1] == "grid 4096x1x1, block 64x1x1"
