// Trend: the medians of the chosen rows run by run, with the level each belongs to.
"use strict";
Page.widgets.trend = (function () {
  const { element } = Page;
  const MAX_CHOSEN = 8;
  const COLUMNS = [
    { name: "row", label: "row", kind: "code" }, { name: "runs", label: "runs", kind: "number", unit: "count" },
    { name: "first_ns", label: "first level", kind: "number", unit: "ns", better: "lower" },
    { name: "last_ns", label: "level now", kind: "number", unit: "ns", better: "lower" },
    { name: "change_pct", label: "since then", kind: "number", unit: "%", better: "lower", signed: true },
    { name: "changes", label: "changes", kind: "number", unit: "count", better: "lower" },
  ];

  class Trend {
    constructor(node, payload) {
      this.series = payload.series;
      this.plot = element("div", { class: "plot", role: "img", "aria-label": "median of each run, with its level" });
      this.legend = element("div", { class: "legend" });
      const tableNode = element("div", { class: "table" });
      node.append(this.legend, this.plot, tableNode);
      this.table = new Page.table.Table(tableNode, this.payload(), { page: 12, id: node.dataset.block, onselect: () => this.draw() });
      if (!this.table.selected.size) this.series.slice(0, 3).forEach((_, index) => this.table.selected.add(index));
      this.table.mark();
      Page.whenSeen(this.plot, () => {
        this.draw();
        Page.redraws.push(() => this.draw());
      });
    }

    payload() {
      const of = (make) => this.series.map(make);
      const change = of((item) => (item.first && item.last ? 100 * (item.last / item.first - 1) : null));
      const data = [of((item) => item.row), of((item) => item.run.length), of((item) => item.first), of((item) => item.last), change, of((item) => item.changes)];
      return { columns: COLUMNS, data, rows: this.series.length, total: this.series.length, file: "trend.csv" };
    }

    /** All runs in order of time: the places on the axis that rows share. */
    places(chosen) {
      const runs = new Map();
      for (const item of chosen) item.run.forEach((run, index) => runs.set(run, { when: item.when[index], commit: item.commit[index] }));
      const sorted = [...runs].sort((a, b) => (a[1].when + a[0] < b[1].when + b[0] ? -1 : 1));
      return { at: new Map(sorted.map(([run], index) => [run, index])), labels: sorted.map(([run, facts]) => facts.commit || facts.when || run) };
    }

    draw() {
      const chosen = [...this.table.selected].slice(-MAX_CHOSEN).map((index) => this.series[index]);
      const { at, labels } = this.places(chosen);
      const by = Page.format.scale("ns", chosen.flatMap((item) => item.median));
      this.legend.replaceChildren(element("span", { class: "axis" }, `median, ${by.label}`), ...chosen.map((item, index) => {
        const dot = element("i");
        dot.style.background = Page.theme.series(index);
        return element("span", {}, dot, Page.format.label("row", item.row));
      }));
      const scaled = (values) => values.map((value) => (value === null ? null : value / by.factor));
      const data = chosen.flatMap((item, index) => {
        const x = item.run.map((run) => at.get(run));
        const text = item.run.map((run, place) => Page.format.plotly([run, item.commit[place], Page.format.one(item.median[place], "ns"), item.verdict[place]].filter(Boolean).join("\n")).replace(/\n/g, "<br>"));
        return [
          { type: "scatter", mode: "lines", x, y: scaled(item.level), line: { shape: "hv", width: 2, color: Page.theme.series(index) }, opacity: 0.45, hoverinfo: "skip" },
          { type: "scatter", mode: "markers", x, y: scaled(item.median), text, hovertemplate: "%{text}<extra></extra>",
            marker: { color: Page.theme.series(index), size: item.step.map((step) => (step === null ? 7 : 12)), symbol: item.step.map((step) => (step === null ? "circle" : step > 1 ? "triangle-up" : "triangle-down")) } },
        ];
      });
      const every = Math.max(1, Math.ceil(labels.length / 12));
      const ticks = labels.map((_, index) => index).filter((index) => index % every === 0);
      const layout = { showlegend: false, hovermode: "closest", xaxis: { tickvals: ticks, ticktext: ticks.map((index) => Page.format.plotly(labels[index])), zeroline: false }, yaxis: { rangemode: "normal" } };
      Page.figure.draw(this.plot, { data, layout });
    }
  }

  return (node) => new Trend(node, Page.data(node.dataset.block));
})();
