"""Entry of `python -m profiler.runner`."""

import sys

from profiler.runner.command import main

sys.exit(main(sys.argv[1:]))
