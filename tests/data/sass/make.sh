#!/bin/sh
# Makes the text files beside it again; needs nvcc and cuobjdump on PATH.
set -e
cd "$(dirname "$0")"
for changed in 0 1; do
  nvcc -arch=sm_90 -cubin -DCHANGED=$changed -o kernels.cubin kernels.cu
  cuobjdump -sass kernels.cubin > changed_$changed.sass.txt
  cuobjdump -res-usage kernels.cubin > changed_$changed.resources.txt
done
rm kernels.cubin
