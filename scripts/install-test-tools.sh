#!/usr/bin/env bash
# Installs what the tests use and pip cannot bring: Chromium, cmake, g++ and Nsight Systems from Debian or Ubuntu (root only).
# Without root, or elsewhere, nothing is installed and the tests name the groups that they could not run.
# Usage: install-test-tools.sh PYTHON
set -euo pipefail
python=${1:?usage: install-test-tools.sh PYTHON}
here=$(cd "$(dirname "$0")" && pwd)

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  wanted=()
  command -v chromium >/dev/null || command -v google-chrome >/dev/null || wanted+=(chromium)
  command -v cmake >/dev/null || wanted+=(cmake)
  command -v g++ >/dev/null || wanted+=(g++)
  if [ ${#wanted[@]} -gt 0 ]; then
    apt-get -qq -o APT::Sandbox::User=root update || true
    for package in "${wanted[@]}"; do
      DEBIAN_FRONTEND=noninteractive apt-get -qq -o APT::Sandbox::User=root install -y --no-install-recommends "$package" \
        >/dev/null 2>&1 || echo "not installed: $package (apt-get install $package failed)"
    done
  fi
  command -v nsys >/dev/null || "$here/install-nsys.sh" >/dev/null 2>&1 || echo "not installed: nsys (scripts/install-nsys.sh failed)"
else
  echo "no root on Debian or Ubuntu: Chromium, cmake, g++ and nsys are used only if they are there already"
fi

# the CUDA compiler is on PyPI too: enough to compile, no GPU or driver needed
if ! command -v nvcc >/dev/null && [ "$(uname -m)" = x86_64 ]; then
  "$python" -m pip install -q --disable-pip-version-check 'nvidia-cuda-nvcc==13.0.*' 'nvidia-cuda-crt==13.0.*' 'nvidia-nvvm==13.0.*' \
    'nvidia-cuda-runtime==13.0.*' 'nvidia-cuda-cccl==13.0.*' 'nvidia-nvtx==13.0.*' 'nvidia-cuda-profiler-api==13.0.*' \
    || echo "not installed: nvcc (pip could not bring nvidia-cuda-nvcc)"
  # the wheels have `lib` and versioned names only; nvcc and CMake look for `lib64` and for libcudart.so
  cuda=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')/nvidia/cu13
  if [ -d "$cuda/lib" ]; then
    ln -sfn lib "$cuda/lib64"
    ln -sf libcudart.so.13 "$cuda/lib/libcudart.so"
  fi
fi
# TensorRT for RTX builds engines without a GPU
"$python" -m pip install -q --disable-pip-version-check 'tensorrt-rtx-cu13-libs>=1.7.1' 'tensorrt-rtx-cu13-bindings>=1.7.1' 'onnx>=1.16' 2>/dev/null \
  || echo "not installed: TensorRT for RTX (no wheel for this Python)"
