"""Compare and end with an exit code: 0 no regression, 10 regression, 11 cannot tell, 12 not comparable, 7 wrong output."""

from __future__ import annotations

from typing import Annotated

import typer

from profiler.cli import compare
from profiler.cli.compare_output import (
    AliasOption,
    AllowOption,
    ComparisonFormat,
    ConfigOption,
    FormatOption,
    JsonOption,
    JunitOption,
    KeyOption,
    LinkOption,
    MarkdownOption,
    PageOption,
    StrictOption,
    ThresholdOption,
)
from profiler.cli.options import RunsOption, SourceOption


def run(
    targets: Annotated[list[str], typer.Argument(help="BASE CANDIDATE…: runs or files; or one A/B run.")],
    base: Annotated[str | None, typer.Option("--base", help="Name of a baseline; then all targets are candidates.")] = None,
    source: SourceOption = None,
    threshold: ThresholdOption = None,
    key: KeyOption = None,
    alias: AliasOption = None,
    allow: AllowOption = None,
    strict: StrictOption = None,
    config: ConfigOption = None,
    format: FormatOption = ComparisonFormat.TABLE,
    markdown: MarkdownOption = None,
    json: JsonOption = None,
    junit: JunitOption = None,
    page: PageOption = None,
    link: LinkOption = "",
    runs: RunsOption = None,
) -> int:
    """Compare and end with an exit code."""
    return compare.run(
        targets, base, source, threshold, key, alias, allow, True, strict, config, format, markdown, json, junit, page, link, runs
    )
