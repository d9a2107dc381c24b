"""What a panel is made of: notes, facts, tables, figures, the timeline and the comparison of launch configurations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from profiler.report.columns import ColumnView


class Kind:
    """Something that a template draws, by the name of its class."""

    @property
    def kind(self) -> str:
        """The class's name in small letters."""
        return type(self).__name__.lower()


@dataclass(frozen=True)
class Note(Kind):
    """One paragraph.

    Attributes:
        text: Plain text; escaped by the template.
        tone: `plain`, `hint` or `warning`.
    """

    text: str
    tone: str = "plain"


@dataclass(frozen=True)
class Missing(Kind):
    """Says why a panel has no data.

    Attributes:
        reason: Why.
        fix: What to record to fill it; may be empty.
    """

    reason: str
    fix: str = ""


@dataclass(frozen=True)
class Absent(Kind):
    """Names the panels without data.

    Attributes:
        titles: Their titles, as one text.
        cause: What all lack for the same reason; empty when the reasons differ.
        items: Id and title of the panels with one reason, the reason, and what to record.
    """

    titles: str
    cause: str
    items: list[tuple[list[tuple[str, str]], str, str]]


@dataclass(frozen=True)
class KeyFigure:
    """One key figure: label, formatted value, and what it means for the tooltip."""

    label: str
    value: str
    text: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Facts(Kind):
    """A row of key figures, with a heading when several recordings are shown."""

    items: list[KeyFigure]
    heading: str = ""


@dataclass(frozen=True)
class FindingText:
    """One finding: what was noticed, the evidence, what to do."""

    severity: str
    title: str
    evidence: str = ""
    advice: str = ""
    source: str = ""
    recording: str = ""


@dataclass(frozen=True)
class Findings(Kind):
    """A list of findings, worst first, and below it, folded, the rules that could not be evaluated."""

    items: list[FindingText]
    silent: list[FindingText] = field(default_factory=list)
    brief: bool = False


@dataclass(frozen=True)
class Grid(Kind):
    """A small table of text, as the terminal prints it.

    Attributes:
        title: Heading.
        rows: One dict per row, all with the same keys; columns without any text are left out.
    """

    title: str
    rows: list[dict[str, str]]

    @property
    def columns(self) -> list[str]:
        """Columns in which any row has a text."""
        return [key for key in self.rows[0] if any(row[key] for row in self.rows)]


@dataclass(frozen=True)
class Winners(Kind):
    """The fastest configuration per operation, shape and type.

    Attributes:
        title: What they are, and by which time.
        rows: Work to one card per recording, None where it lacks the work; see `panels.summary`.
        recordings: Their names.
    """

    title: str
    rows: dict[str, list[dict[str, Any] | None]]
    recordings: list[str]


@dataclass(frozen=True)
class Table(Kind):
    """A sortable, filterable table.

    Attributes:
        id: Unique on the page.
        columns: Description of each column, in order.
        data: Packed columns in the same order (`embed.pack_column`).
        rows: Rows embedded.
        total: Rows that exist; more than `rows` when the page holds only the first ones.
        title: Heading above the table.
        file_name: Name of the CSV download.
        options: For the script: `sort` (column name, behind a minus the largest first), `bar` (columns drawn with a bar),
            `page` (rows shown at first), `compact` (columns shown at first, in this order), `narrow` (those that come first on
            a phone), `wrap` (whether all text takes several lines), `prose` (columns whose text does), `metric` (metric table
            that holds all rows).
    """

    id: str
    columns: list[ColumnView]
    data: list[Any]
    rows: int
    total: int
    title: str = ""
    file_name: str = "table.csv"
    options: dict[str, Any] = field(default_factory=dict)

    def payload(self) -> dict[str, Any]:
        """Return what the page's script needs."""
        columns = [column.as_dict() for column in self.columns]
        facts = {"rows": self.rows, "total": self.total, "file": self.file_name}
        return {"columns": columns, "data": self.data, **facts, **self.options}


@dataclass(frozen=True)
class Figure(Kind):
    """A plot, as a Plotly figure whose colours are names of theme colours (`@series-0`, `@ink`).

    Attributes:
        id: Unique on the page.
        data: Plotly traces.
        layout: Plotly layout, without fonts and colours: the theme sets them.
        title: Heading above the plot.
        description: What it shows, for screen readers.
        height: Pixels.
    """

    id: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    title: str = ""
    description: str = ""
    height: int = 300

    def payload(self) -> dict[str, Any]:
        """Return what the page's script needs."""
        return {"data": self.data, "layout": self.layout, "height": self.height}


@dataclass(frozen=True)
class Widget(Kind):
    """A part of the page with a script of its own: the timeline, the comparison, the samples.

    Attributes:
        id: Unique on the page.
        script: Which script takes it: `timeline`, `explorer` or `samples`.
        data: What the script needs.
        title: Heading.
        description: What it shows, for screen readers.
    """

    id: str
    script: str
    data: dict[str, Any]
    title: str = ""
    description: str = ""

    def payload(self) -> dict[str, Any]:
        """Return what the page's script needs."""
        return self.data


@dataclass(frozen=True)
class SideBySide(Kind):
    """Blocks side by side where there is room."""

    items: list[Any]


Block = Note | Missing | Absent | Facts | Findings | Grid | Winners | Table | Figure | Widget | SideBySide
