"""The seam of a panel: what it is called, what it needs, and the function that builds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from profiler.report.blocks import Block, Missing
from profiler.report.document import Section
from profiler.report.tables import table_block
from profiler.report.view import View


@dataclass(frozen=True)
class Panel:
    """One section of the page.

    Attributes:
        id: Anchor, unique.
        title: Heading.
        needs: Metric tables without which there is nothing to show; all of them.
        build: Makes the blocks; called only when every need is met by some recording.
        lead: One sentence under the heading: the question this panel answers.
        sources: Tables the figures come from; `needs` when empty.
        fix: What to record so that the panel fills.
    """

    id: str
    title: str
    needs: tuple[str, ...]
    build: Callable[[View], list[Block]] = field(repr=False)
    lead: str = ""
    sources: tuple[str, ...] = ()
    fix: str = ""


def table_panel(panel_id: str, title: str, table: str, lead: str, fix: str = "", **options: Any) -> Panel:
    """Return a panel that shows one metric table; for the options see `blocks.Table`."""

    def build(view: View) -> list[Block]:
        return [table_block(f"{panel_id}-table", table, view.required(table), **options)]

    return Panel(panel_id, title, (table,), build, lead, fix=fix)


def build_section(panel: Panel, view: View) -> Section:
    """Build a panel, or say why it has no data."""
    absent = [need for need in panel.needs if view.metric(need) is None]
    blocks = [Missing("; ".join(view.reasons(absent[0])), panel.fix)] if absent else panel.build(view)
    return Section(panel.id, panel.title, blocks, panel.lead, panel.sources or panel.needs)
