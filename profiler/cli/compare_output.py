"""How comparisons leave the program: a table on the terminal, Markdown, JSON, JUnit XML, a page, and an exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from profiler.cli.options import ComparisonFormat
from profiler.cli.printing import console, echo, print_rows
from profiler.runner.option import option
from profiler.store.run_dir import write_atomic
from profiler.units import format_ns, format_value

if TYPE_CHECKING:
    from profiler.compare.gate.evaluation import GateResult
    from profiler.compare.judge.comparison import Comparison
    from profiler.compare.judge.verdict import DecisionRule
    from profiler.jobs.ab_store import AbRequest

ROWS_SHOWN = 40
_STYLES = {"slower": "bold red", "faster": "green", "cannot tell": "yellow", "not comparable": "magenta", "base only": "magenta"}


@dataclass(frozen=True)
class Decision:
    """How a comparison decides.

    Attributes:
        threshold: Smallest relative change that matters; None where the gate's configuration, or the default, says it.
        key: The only keys that identify a row.
        alias: `KEY=CANDIDATE:BASE`.
        allow: Conditions that may differ.
        strict: Any undecided row ends a gate with 11; None where the configuration says it.
        config: File with the gate's budgets; None for the nearest one.
    """

    PANEL: ClassVar[str] = "Decision"
    gate: ClassVar[bool] = True
    threshold: float | None = option(None, "Smallest relative change that matters. (default: 0.01)", "--threshold", "number")
    key: tuple[str, ...] = option(
        (), "Only these keys identify a row, e.g. op,shape,dtype: everything else may differ.", "--key", "words"
    )
    alias: tuple[str, ...] = option((), "KEY=CANDIDATE:BASE: two values that stand for the same row.", "--alias", "list")
    allow: tuple[str, ...] = option((), "A condition that may differ, e.g. tensorrt, cache.", "--allow", "words")
    strict: bool | None = option(
        None, "Gate: any undecided row ends with 11, or only when no row is decided.", "--strict/--lenient", "flag"
    )
    config: Path | None = option(
        None, "File with the gate's budgets (default: profiler.toml or pyproject.toml here or above).", "--config", "path"
    )

    def chosen_threshold(self) -> float | None:
        """Return the threshold: the option, else with a gate that of its configuration; None when neither says one."""
        from profiler.compare.gate.config import load_gate_config

        return load_gate_config(self.config).threshold if self.gate and self.threshold is None else self.threshold

    def rule(self) -> DecisionRule:
        """Return the rule: the option, else with a gate its configuration, else the default."""
        return make_rule(self.chosen_threshold())

    def rows(self) -> dict[str, Any]:
        """Return what identifies rows, and which conditions may differ, as `compare_targets` and a job's request take them."""
        from profiler.compare.judge.conditions import check_allowed
        from profiler.compare.rows.alignment import parse_aliases

        return {"keys": self.key, "aliases": parse_aliases(self.alias), "allowed": check_allowed(self.allow)}

    def judge_anew(self, request: AbRequest) -> AbRequest:
        """Return a job's request with what is said of judging it; what is left out stays as it was measured."""
        threshold, rows = self.chosen_threshold(), self.rows()
        return replace(
            request,
            rule=request.rule if threshold is None else replace(request.rule, threshold=threshold),
            keys=rows["keys"] or request.keys,
            aliases=rows["aliases"] or request.aliases,
            allowed=request.allowed | rows["allowed"],
        )


@dataclass(frozen=True)
class GatedDecision(Decision):
    """How a comparison decides that is a gate only where asked.

    Attributes:
        gate: End with the exit code of a gate.
    """

    gate: bool = option(False, "Exit 10 on a regression, 11 cannot tell, 12 not comparable.", "--gate", "flag")  # type: ignore[misc]


@dataclass(frozen=True)
class Output:
    """Where a comparison goes.

    Attributes:
        format: What is printed.
        markdown, json, junit, page: File that gets it in that form; None for none.
        link: Address of the page for the Markdown.
    """

    PANEL: ClassVar[str] = "Output"
    format: ComparisonFormat = option("table", "What to print on stdout.", "--format", "comparison")
    markdown: Path | None = option(None, "Write Markdown for a pull request here.", "--markdown", "path")
    json: Path | None = option(None, "Write JSON here.", "--json", "path")
    junit: Path | None = option(None, "Write JUnit XML here.", "--junit", "path")
    page: Path | None = option(None, "Write an offline HTML page here.", "--page", "path")
    link: str = option("", "Address of the page, for the Markdown.", "--link")


def make_rule(threshold: float | None) -> DecisionRule:
    """Return the rule with a threshold, the default one for None."""
    from profiler.compare.judge.verdict import DecisionRule

    return DecisionRule() if threshold is None else DecisionRule(threshold=threshold)


def emit(comparison: Comparison, decision: Decision, output: Output) -> int:
    """Write and print a comparison and return the exit code: without a gate 0 whatever was found."""
    from profiler.compare.gate.config import load_gate_config
    from profiler.compare.gate.evaluation import evaluate
    from profiler.report.exporters.compare_json import to_json
    from profiler.report.exporters.compare_junit import to_junit
    from profiler.report.exporters.compare_markdown import to_markdown

    gate = None
    if decision.gate:
        budgets = load_gate_config(decision.config)
        gate = evaluate(comparison, budgets if decision.strict is None else replace(budgets, strict=decision.strict))
    address = output.link or (output.page.name if output.page else "")
    writers: dict[str, Callable[[], str]] = {
        "markdown": lambda: to_markdown(comparison, gate, address),
        "json": lambda: to_json(comparison, gate),
        "junit": lambda: to_junit(comparison, gate),
    }
    for name, write in writers.items():
        path: Path | None = getattr(output, name)
        if path is not None:
            write_atomic(path, write())
    if output.format == "table":
        print_comparison(comparison, gate)
    else:
        echo(writers[output.format](), nl=False, data=True)
    if output.page is not None:  # last: what it costs is not in the way of the answer
        from profiler.report.comparison_page import render_comparison

        render_comparison(comparison, output.page, gate)
    return 0 if gate is None else gate.exit_code


def print_comparison(comparison: Comparison, gate: GateResult | None) -> None:
    """Print a comparison for a person: verdict, conditions, rows worst first, the gate's checks."""
    from rich.text import Text

    from profiler.compare.judge.metric_changes import CHANGES, changes
    from profiler.report.exporters.compare_markdown import headline

    names = ", ".join(side.name for side in comparison.candidates)
    console().print(Text.assemble((f"{names} against {comparison.base.name}: ", ""), (headline(comparison), "bold")))
    for item in comparison.differences:
        values = f"{item.base_value or 'unknown'} and {item.candidate_value or 'unknown'}"
        _say(f"{'not comparable' if item.voids else 'note'}: {item.title}: {values} ({item.why})")
    if len(comparison.rows):
        _print_rows(comparison)
    # beside times only what costs or saves any; without times whatever changed
    changed = changes(comparison.metrics, CHANGES[:2] if len(comparison.rows) else CHANGES)
    if len(changed):
        _print_metrics(changed)
    for text in (f"{comparison.design}. {comparison.rule.promise}", *comparison.notes):
        _say(text)
    if gate is not None:
        _print_gate(gate)


def _say(text: str, style: str = "") -> None:
    console().print(text, markup=False, style=style)


def _say_more(count: int) -> None:
    if count > ROWS_SHOWN:
        _say(f"{count - ROWS_SHOWN} more rows: --format json", "dim")


def _print_rows(comparison: Comparison) -> None:
    """Print the worst rows; what all of them share is said once, below."""
    from profiler.report.exporters.compare_markdown import format_change
    from profiler.report.row_labels import distinct_labels

    found = comparison.worst_first()
    records = found.head(ROWS_SHOWN).to_dict("records")
    names, shared = distinct_labels([str(row["row"]) for row in records])
    rows = [
        {
            "verdict": row["verdict"],
            "candidate": row["candidate"],
            "row": name,
            "base time": format_ns(row["base_median_ns"]),
            "candidate time": format_ns(row["candidate_median_ns"]),
            "change": format_change(row),
            "rounds": str(row["rounds"]),
            "why": _why(row),
        }
        for name, row in zip(names, records, strict=True)
    ]
    alike = {name: rows[0][name] for name in ("rounds", "why") if len(rows) > 1 and len({row[name] for row in rows}) == 1}
    left_out = [*alike, *([] if len(comparison.candidates) > 1 else ["candidate"])]
    shown = [{name: value for name, value in row.items() if name not in left_out} for row in rows]
    right = frozenset(("base time", "candidate time", "change", "rounds"))
    styles = [_STYLES.get(row["verdict"], "") for row in records]
    print_rows(shown, None, right, ("rounds", "candidate time", "base time"), styles)
    said = [shared, f"rounds {alike['rounds']}" if "rounds" in alike else "", alike.get("why", "")]
    if any(said):
        _say(f"all rows: {'; '.join(filter(None, said))}", "dim")
    _say_more(len(found))


def _why(row: dict[str, Any]) -> str:
    """Return what there is to say of a row beside its verdict."""
    from profiler.compare.judge.comparison import explanation

    why = explanation(row)
    return f"{row['match_note']}. {why}".strip() if isinstance(row["match_note"], str) else why


def _print_metrics(changed: Any) -> None:
    rows = [
        {
            "metric": item["metric"],
            "row": str(item["row"]),
            **{side: format_value(item[f"{side}_value"], item["unit"]) for side in ("base", "candidate")},
            "change": f"{100.0 * (item['change_ratio'] - 1.0):+.1f} %" if item["change_ratio"] == item["change_ratio"] else "",
            "": item["verdict"],
        }
        for item in changed.head(ROWS_SHOWN).to_dict("records")
    ]
    print_rows(rows, None, frozenset(("base", "candidate", "change")))
    _say_more(len(changed))


def _print_gate(gate: GateResult) -> None:
    alike: dict[tuple[str, str, str], list[str]] = {}
    for check in gate.checks:
        state = f"accepted ({check.accepted})" if check.accepted else "counts"
        alike.setdefault((check.metric, check.text, state), []).append(check.row)
    for (metric, text, state), rows in alike.items():
        more = f" and {len(rows) - 1} more rows" if len(rows) > 1 else ""
        _say(f"gate: {metric}: {rows[0]}{more}: {text}: {state}")
    for note in gate.notes:
        _say(f"gate: {note}")
    _say(f"gate: {gate.outcome} (exit {gate.exit_code})", "bold")
