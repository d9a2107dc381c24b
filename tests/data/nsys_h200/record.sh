#!/bin/sh
# Records the captures of this folder: record.sh FOLDER, on a machine with a GPU, nvcc and nsys.
set -eu
out=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
nvcc -O3 -lineinfo -arch=native "$here/../ncu_h200/sweep.cu" -o "$out/sweep"
cd "$out"
common="-t cuda,nvtx -s none --cpuctxsw=none --export sqlite -f true"
nsys profile $common --cuda-graph-trace=node -o node ./sweep 65536 20
nsys profile $common --cuda-graph-trace=graph -o graph ./sweep 4096 5
nsys stats -q --format csv -r cuda_gpu_trace graph.sqlite > graph_cuda_gpu_trace.csv
