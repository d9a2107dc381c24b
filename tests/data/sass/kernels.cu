// Two instantiations of a template and a plain kernel; -DCHANGED alters the template alone.
#ifndef CHANGED
#define CHANGED 0
#endif
template <int Factor>
__global__ void scale_kernel(float* x, float s, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) x[i] = x[i] * s * Factor + CHANGED;
}
__global__ void other_kernel(float* x) { x[threadIdx.x] += 1; }
template __global__ void scale_kernel<1>(float*, float, int);
template __global__ void scale_kernel<2>(float*, float, int);
