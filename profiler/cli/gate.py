"""Compare and end with an exit code: 0 no regression, 10 regression, 11 cannot tell, 12 not comparable, 7 wrong output."""

from __future__ import annotations

from profiler.cli.compare import answer
from profiler.cli.options import with_options

run = with_options(answer)
