"""Writes docs/findings.md from the rules: `python -m profiler.findings.document`."""

from __future__ import annotations

import sys
from pathlib import Path

from profiler.findings import SEVERITIES, rules
from profiler.metrics.document import markdown_table
from profiler.store.run_dir import write_atomic

_HEAD = f"""# Findings

What the rules look for, in the order in which they are told. Made by `python -m profiler.findings.document` from
`profiler/findings/`: edit those. In Python: `profiler.findings.evaluate(profiler.load(TARGET))`.

Severities, worst first: {", ".join(f"`{name}`" for name in SEVERITIES)}. `ok` tells what is well; `not_evaluated` names the
table that a rule needs and the recording lacks. Every finding carries its evidence: the launches or operations for which
the condition holds, worst first, with the figures.

"""


def render() -> str:
    """Return the document."""
    rows = [
        (f"`{rule.name}`", rule.text, ", ".join(f"`{name}`" for name in rule.needs), rule.advice, rule.source) for rule in rules()
    ]
    return _HEAD + markdown_table(("rule", "condition", "tables", "advice", "source"), rows)


def main(path: str = "docs/findings.md") -> None:
    """Write the document."""
    write_atomic(Path(path), render())


if __name__ == "__main__":
    main(*sys.argv[1:])
