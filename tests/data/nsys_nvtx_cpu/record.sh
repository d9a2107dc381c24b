#!/bin/sh
# Records events.sqlite anew: record.sh, on any machine with nsys, gcc and the NVTX headers; then scrub it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
gcc -I"${NVTX_INCLUDE:-/usr/local/cuda/include}" "$here/events.c" -o "$work/events" -ldl -lpthread
cd "$work"
nsys profile -t nvtx -s none --cpuctxsw=none -o events ./events
nsys export --type sqlite -o events.sqlite events.nsys-rep
cp events.sqlite "$here"
python -c "import pathlib, sys; from profiler.tools.nsys.scrub import scrub; scrub(pathlib.Path(sys.argv[1]))" "$here/events.sqlite"
sqlite3 "$here/events.sqlite" "DELETE FROM ThreadNames; DELETE FROM ProcessStreams;
  DELETE FROM META_DATA_CAPTURE WHERE name LIKE '%ENVIRONMENT%' OR name LIKE '%WORKING_DIR' OR name LIKE '%DISPLAY_NAME';
  DELETE FROM META_DATA_EXPORT WHERE name LIKE '%PATH%' OR name = 'EXPORT_HOST';
  DELETE FROM TARGET_INFO_SYSTEM_ENV WHERE name NOT IN ('OsDescription', 'CpuDescription'); VACUUM;" || echo "sqlite3 is missing"
rm -r "$work"
