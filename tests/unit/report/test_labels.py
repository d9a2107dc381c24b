"""Names on a page: short, and different wherever the kernels or rows differ."""

import json

import pytest
import synthetic
from test_page import Document

from profiler.report.kernel_labels import kernel_label, kernel_labels
from profiler.report.page import render
from profiler.report.row_labels import distinct_labels, plain_label

VECTOR = "void a::swish::vector_kernel<{}, (int)4, (a::CachePolicy)3>(a::Extent, a::Functor)"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        (VECTOR.format("__half"), "vector_kernel<__half, 4, (CachePolicy)3>"),
        ("profiler::driver::<unnamed>::fill_kernel<float>(T1 *, long)", "fill_kernel<float>"),
        ("[memcpy DtoH]", "[memcpy DtoH]"),
        ("plain_c_kernel", "plain_c_kernel"),
        ("two words", "two words"),
        ("void k<(bool)1, (unsigned int)8>(int)", "k<1, 8>"),
    ],
)
def test_kernel_label(name, label):
    assert kernel_label(name) == label


def test_kernels_that_would_share_a_label_keep_what_distinguishes_them():
    names = ["void a::k<int>(int)", "void b::k<int>(int)", "void b::k<int>(long)", "void c::other<int>(int)"]
    labels = kernel_labels(names)
    assert len(set(labels.values())) == 4
    assert labels["void a::k<int>(int)"] == "a::k<int>"
    assert labels["void c::other<int>(int)"] == "other<int>"


def test_rows_lose_what_all_share():
    labels = [f"op=swish variant=scalar shape=8x8 dtype={dtype} block=64" for dtype in ("fp16", "fp32")]
    assert distinct_labels(labels) == (["fp16", "fp32"], "swish scalar 8x8 block 64")
    kernels = [f"{VECTOR.format(dtype)} grid=1x1x1 block=64x1x1 shared=0" for dtype in ("float", "__half")]
    texts, shared = distinct_labels(kernels)
    assert texts == ["vector_kernel<float, 4, (CachePolicy)3>", "vector_kernel<__half, 4, (CachePolicy)3>"]
    assert shared == "grid 1x1x1 block 64x1x1 shared 0"
    assert plain_label(kernels[0]) == f"{texts[0]} {shared}"
    assert plain_label("void a::k<int>(int, int) 8x1x1 64x1x1") == "k<int> 8x1x1 64x1x1"
    assert distinct_labels(["a=1", "a=1 b=2"]) == (["a 1", "a 1 b 2"], "")


def test_page_shows_the_labels_and_keeps_the_names(tmp_path):
    document = Document(render([synthetic.everything()], tmp_path / "p.html").read_text(encoding="utf-8"))
    table = json.loads(document.data["data-kernels-table"])
    packed = table["data"][[column["name"] for column in table["columns"]].index("kernel")]
    assert dict(zip(packed["dict"], packed["texts"], strict=True)) == {
        f"void swish_{variant}_kernel<{dtype}>(float const*, float*, long, float)": f"swish_{variant}_kernel<{dtype}>"
        for variant in ("scalar", "vectorized")
        for dtype in ("float", "__half")
    }
    shares = json.loads(document.data["data-kernels-share"])["data"][0]
    assert set(shares["y"]) == set(packed["texts"]) and set(shares["customdata"]) == set(packed["dict"])
    names = json.loads(document.data["data-timeline-0"])["names"]
    kernels = [entry for entry in names if entry["kind"] == "kernel"]
    assert {entry["label"] for entry in kernels} == set(packed["texts"])
    assert "swish_scalar_kernel<float> · block 64" in {entry["text"] for entry in kernels}
