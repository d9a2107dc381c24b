"""The page that explains verdicts and exit codes names all of them."""

from pathlib import Path

from profiler.compare.gate.config import LIMITS
from profiler.compare.gate.evaluation import OUTCOMES
from profiler.compare.judge.conditions import FACTS
from profiler.compare.judge.statistics import LOOKS
from profiler.compare.judge.verdict import REASONS, Verdict

TEXT = (Path(__file__).parents[3] / "docs" / "compare.md").read_text(encoding="utf-8")


def test_every_verdict_reason_and_exit_code_is_explained():
    for word in [*REASONS, *(verdict.value for verdict in Verdict)]:
        assert f"`{word}`" in TEXT, word
    rows = {line.split("|")[1].strip() for line in TEXT.splitlines() if line.startswith("| ")}
    assert {str(code) for code in OUTCOMES} <= rows


def test_the_looks_are_the_ones_taken():
    assert f"{', '.join(map(str, LOOKS[:-1]))} and {LOOKS[-1]} rounds" in TEXT


def test_shown_budgets_can_be_read(tmp_path):
    from profiler.compare.gate.config import load_gate_config

    shown, accepted = (block.split("```")[0] for block in TEXT.split("```toml\n")[1:])
    (tmp_path / "profiler.toml").write_text(shown)
    (tmp_path / "accepted-regressions.toml").write_text(accepted)
    config = load_gate_config(folder=tmp_path)
    assert len(config.budgets) == 5 and len(config.accepted) == 1
    assert {name for budget in config.budgets for name in LIMITS if getattr(budget, name) is not None} >= {"max", "min_of_copy"}
    assert any(fact.voids for fact in FACTS)
