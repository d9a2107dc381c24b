"""Where the runner's tests start it from, and options that make its points short."""

import os
from pathlib import Path

HERE = Path(__file__).parent
QUICK = ["--shape", "16x64", "--min-samples", "3", "--max-samples", "3", "--max-seconds", "1", "--warmup", "1", "--cache", "warm"]
SEARCH_PATH = os.pathsep.join([str(HERE.parents[2]), str(HERE)])
