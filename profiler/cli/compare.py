"""Compare runs or files with a base: faster, slower, same, or cannot tell, row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from profiler.cli.compare_output import (
    AliasOption,
    AllowOption,
    ComparisonFormat,
    ConfigOption,
    FormatOption,
    GateOption,
    JsonOption,
    JunitOption,
    KeyOption,
    LinkOption,
    MarkdownOption,
    PageOption,
    StrictOption,
    ThresholdOption,
    chosen_threshold,
    emit,
    judge_anew,
    make_rule,
    run_gate,
    split_words,
)
from profiler.cli.options import RunsOption, SourceOption


def run(
    targets: Annotated[
        list[str],
        typer.Argument(help="BASE CANDIDATE…: runs or files; several joined by commas are processes of one side. Or one A/B run."),
    ],
    base: Annotated[str | None, typer.Option("--base", help="Name of a baseline; then all targets are candidates.")] = None,
    source: SourceOption = None,
    threshold: ThresholdOption = None,
    key: KeyOption = None,
    alias: AliasOption = None,
    allow: AllowOption = None,
    gate: GateOption = False,
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
    """Compare runs or files with a base."""
    from profiler.compare.history.baseline import baseline_target
    from profiler.compare.judge.captures import compare_targets
    from profiler.compare.judge.conditions import check_allowed
    from profiler.compare.rows.alignment import parse_aliases
    from profiler.errors import UsageError
    from profiler.metrics.time_sources import check_source
    from profiler.store.run_dir import runs_root

    rule = make_rule(threshold, gate, config)
    check_source(source)
    if base is None and len(targets) == 1:
        if Path(targets[0]).is_file():
            raise UsageError(f"{targets[0]}: nothing to compare it with", "name a candidate too, or one run made by profiler ab")
        if source is not None:
            raise UsageError(f"--source {source}: a run of profiler ab has the sides' own timing only", "leave --source out")
        from profiler.jobs.ab import load_comparison

        asked = chosen_threshold(threshold, gate, config)
        comparison = load_comparison(targets[0], runs_root(runs), lambda job: judge_anew(job, asked, key, alias, allow))
    else:
        first = baseline_target(runs_root(runs), base) if base else targets[0]
        comparison = compare_targets(
            first,
            targets if base else targets[1:],
            rule,
            runs=runs,
            keys=split_words(key),
            aliases=parse_aliases(alias or ()),
            allowed=check_allowed(split_words(allow)),
            source=source,
        )
    answer = run_gate(comparison, config, strict) if gate else None
    return emit(comparison, answer, format, {"markdown": markdown, "json": json, "junit": junit}, page, link)
