#!/usr/bin/env bash
# Builds the C++ side when a compiler is there, runs ctest and pytest, and says in one line each what could not run here.
# With `long`, runs the tests marked so and nothing else.
# Usage: run-tests.sh PYTHON [long]
set -euo pipefail
python=$(cd "$(dirname "${1:?usage: run-tests.sh PYTHON}")" && pwd)/$(basename "$1")
cd "$(dirname "$0")/.."
status=0
export PROFILER_BUILD_DIR="$PWD/build"

# nvcc of the pip packages, when the machine has none
if ! command -v nvcc >/dev/null; then
  site=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
  [ -x "$site/nvidia/cu13/bin/nvcc" ] && export PATH="$site/nvidia/cu13/bin:$PATH"
fi

run_ctest() {  # run_ctest OPTION...: those of the C++ tests that the options choose
  if [ -f build/CTestTestfile.cmake ]; then
    ctest --test-dir build --output-on-failure -j2 "$@" || status=1
  else
    echo "not run: C++ tests (no build: make test builds)"
  fi
}

if [ "${2:-}" = long ]; then
  run_ctest -L long
  "$python" -m pytest -n 2 --dist loadfile -m long || status=1
  exit $status
fi

"$python" -m profiler build --architectures 90 --werror --build-dir build || status=1
run_ctest -LE long
# most tests wait for a program, so four workers find time on two cores
"$python" -m pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not long" || status=1
exit $status
