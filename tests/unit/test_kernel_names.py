import pytest

from profiler.kernel_names import base_function, brief_name, demangle, instantiation, short_name

NAMES = {
    "void ns::scale<float, 4>(float*, int)": "ns::scale",
    "scale_kernel": "scale_kernel",
    "void (anonymous namespace)::add<(int)3>(T1 *)": "(anonymous namespace)::add",
    "void cutlass::Kernel<cutlass::gemm::X<Y<int>, (bool)1>>(Params)": "cutlass::Kernel",
    "swish_kernel(const float *, float *)": "swish_kernel",
}


@pytest.mark.parametrize("kernel", NAMES)
def test_base_function(kernel):
    assert base_function(kernel) == NAMES[kernel]


INSTANTIATIONS = {
    "_ZN8profiler7plugins5swish23swish_vectorized_kernelI6__halfLi4ELNS0_11elementwise11CachePolicyE3EEEvNS4_6ExtentENS1_12SwishFunctorE": "swish_vectorized_kernel<__half, 4, (CachePolicy)3>",
    "void (anonymous namespace)::add<(int)3>(T1 *)": "add<3>",
    "void scale<(unsigned int)4, (long)-1>(float *)": "scale<4, -1>",
    "void cutlass::Kernel<cutlass::gemm::X<Y<int>, (bool)1>>(Params)": "Kernel<X<Y<int>, 1>>",
    "scale_kernel": "scale_kernel",
    "ns::<unnamed>::profiler_fill_kernel<float>(float *, long)": "profiler_fill_kernel<float>",
}


@pytest.mark.parametrize("name", INSTANTIATIONS)
def test_an_instantiation_keeps_its_template_arguments(name):
    assert instantiation(demangle(name)) == INSTANTIATIONS[name]


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
    assert brief_name(kernel) == short


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("void a::b::kernel<float, (int)2>(float const*, int)", "kernel"),
        ("kernel", "kernel"),
        ("void (anonymous namespace)::k<std::pair<int, int> >(int)", "k"),
        ("int ns::f(void (*)(int))", "f"),
        ("_Z11boundary_up13CuDeviceArrayI7Float64Li2ELi1EES_IS0_Li1E", "boundary_up"),
        ("_Z99cut_off", "cut_off"),
        ("_Z1", "_Z1"),
    ],
)
def test_short_names(name, short):
    assert short_name(name) == short
    assert demangle(name) == name
