from collections import Counter

import pytest
from conftest import row
from hypothesis import given, settings
from hypothesis import strategies as st

from profiler.compare.rows.alignment import align, apply_aliases, parse_aliases
from profiler.compare.rows.row import Row
from profiler.errors import UsageError
from profiler.kernel_names import base_function


def kernel(name, grid="8x1x1", block="64x1x1", **more):
    keys = {
        "kernel": name,
        "function": base_function(name),
        "launch_grid": grid,
        "launch_block": block,
        "shared_memory": "0",
        **more,
    }
    return Row(f"{name} grid={grid} block={block} shared=0", keys, [])


def partners(pairs):
    return [(pair.base.label if pair.base else None, pair.candidate.label if pair.candidate else None) for pair in pairs]


def test_equal_labels_first_and_nothing_disappears():
    base = [row("op=a shape=1", None), row("op=a shape=2", None)]
    candidate = [row("op=a shape=3", None), row("op=a shape=2", None)]
    pairs = align(base, candidate)
    assert partners(pairs) == [("op=a shape=1", None), ("op=a shape=2", "op=a shape=2"), (None, "op=a shape=3")]
    assert [pair.reason for pair in pairs] == ["unmatched", "", "unmatched"]


def test_a_changed_attribute_is_matched_by_op_variant_shape_and_block_and_said():
    (pair,) = align([row("op=a variant=v shape=8 block=64 items=2", None)], [row("op=a variant=v shape=8 block=64 items=4", None)])
    assert pair.match == "op, variant, shape, type and block size" and pair.note == "items: 2 → 4"


def test_another_block_size_is_another_row():
    assert partners(align([row("op=a shape=8 block=64", None)], [row("op=a shape=8 block=128", None)])) == [
        ("op=a shape=8 block=64", None),
        (None, "op=a shape=8 block=128"),
    ]


@pytest.mark.parametrize(
    ("mine", "theirs", "how"),
    [
        (kernel("void f<4>(int)"), kernel("void f<8>(int)"), "template arguments changed"),
        (kernel("void f<4>(int)", range="r"), kernel("void g<8>(int)", range="r"), "kernel renamed"),
        (kernel("void f<4>(int)"), kernel("void f<4>(int)", block="128x1x1"), "launch configuration changed"),
        (kernel("scale_kernel"), kernel("scale_kernel_v2"), "similar name"),
    ],
)
def test_renamed_kernels_are_matched_and_said_to_be(mine, theirs, how):
    (pair,) = align([mine], [theirs])
    assert pair.base is mine and pair.candidate is theirs and how in pair.match and "→" in pair.note


def test_unlike_kernels_of_equal_launch_configuration_are_not_matched():
    assert len(align([kernel("softmax")], [kernel("transpose_pad")])) == 2


def test_two_that_fit_equally_well_are_both_left_open():
    pairs = align([kernel("void f<1>()"), kernel("void f<2>()")], [kernel("void f<3>()"), kernel("void f<4>()")])
    assert len(pairs) == 4 and all(pair.base is None or pair.candidate is None for pair in pairs)


def test_a_label_that_stands_twice_is_ambiguous():
    pairs = align([row("op=a", None), row("op=a", None)], [row("op=a", None)])
    assert [pair.reason for pair in pairs] == ["ambiguous"] * 3


def test_given_keys_alone_identify_a_row():
    (pair,) = align([row("op=a variant=s dtype=fp32", None)], [row("op=a variant=v dtype=fp32", None)], ("op", "dtype"))
    assert pair.match == "keys op, dtype" and pair.note == "variant: s → v"


def test_given_keys_must_tell_the_rows_apart():
    with pytest.raises(UsageError, match="does not tell"):
        align([row("op=a variant=s", None), row("op=a variant=v", None)], [], ("op",))


def test_aliases_give_the_candidate_the_base_s_names():
    found = row("op=a shape=102x8 dtype=fp32", None)
    apply_aliases([found], parse_aliases(["shape=102x8:100x8"]))
    assert (found.label, found.keys["shape"], found.own_label) == (
        "op=a shape=100x8 dtype=fp32",
        "100x8",
        "op=a shape=102x8 dtype=fp32",
    )


def test_aliases_that_make_two_rows_one_are_refused():
    with pytest.raises(UsageError, match="the same row"):
        apply_aliases([row("op=a shape=1", None), row("op=a shape=2", None)], parse_aliases(["shape=2:1"]))


@pytest.mark.parametrize("text", ["shape", "shape=1", "=1:2", "shape=:2", "shape=1:"])
def test_aliases_of_another_form_are_refused(text):
    with pytest.raises(UsageError, match="KEY=CANDIDATE:BASE"):
        parse_aliases([text])


labels = st.lists(st.tuples(st.sampled_from("fgh"), st.integers(1, 3), st.integers(1, 3)), max_size=8)


@settings(max_examples=60)
@given(labels, labels)
def test_every_row_of_both_sides_stands_in_exactly_one_pair(mine, theirs):
    base, candidate = (
        [kernel(f"void {name}<{argument}>()", grid=f"{grid}x1x1") for name, argument, grid in side] for side in (mine, theirs)
    )
    pairs = align(base, candidate)
    assert Counter(id(pair.base) for pair in pairs if pair.base) == Counter(map(id, base))
    assert Counter(id(pair.candidate) for pair in pairs if pair.candidate) == Counter(map(id, candidate))
