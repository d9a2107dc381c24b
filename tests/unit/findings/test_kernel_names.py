"""Kernel names in evidence are short, whatever the templates hold."""

import pytest

from profiler.findings.rule import function_name


@pytest.mark.parametrize(
    "kernel, short",
    [
        (
            "void profiler::plugins::swish::swish_vectorized_kernel<float, (int)1, (profiler::plugins::CachePolicy)1>(profiler::Extent, x)",
            "swish_vectorized_kernel<float, …>",
        ),
        ("void swish_scalar_kernel<float>(const T1 *, unsigned long)", "swish_scalar_kernel<float>"),
        ("row_sum_kernel(float const*, int)", "row_sum_kernel"),
        ("profiler::driver::<unnamed>::profiler_delay_kernel(unsigned long)", "profiler_delay_kernel"),
        ("(anonymous namespace)::k<int>(int)", "k<int>"),
        ("plain", "plain"),
    ],
)
def test_a_name_is_cut_to_function_and_first_template_argument(kernel, short):
    assert function_name(kernel) == short
