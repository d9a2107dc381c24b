#!/bin/sh
# Records the reports that trim.py makes the committed files from. Needs an NVIDIA GPU, nvcc and ncu; argument: an output folder.
set -e
out=${1:?folder}
here=$(dirname "$0")
nvcc -O3 -lineinfo -arch=native "$here/sweep.cu" -o "$out/sweep"
ncu --nvtx --nvtx-include 'profiler@iteration/' -k regex:swish --set full --clock-control none --import-source no \
    -f -o "$out/ncu" "$out/sweep" 65536 1
ncu --nvtx --launch-count 6 -k regex:row_sum --set full --clock-control none -f -o "$out/ncu_rows" "$out/sweep" 4096 1
ncu -i "$out/ncu.ncu-rep" --page raw --csv --print-units base >"$out/ncu_raw.csv"
ncu -i "$out/ncu.ncu-rep" --page details --csv >"$out/ncu_details.csv"
