// Samples: every measured iteration of the chosen points, over time and as a distribution.
"use strict";
Page.widgets.samples = (function () {
  const { element } = Page;
  const MAX_CHOSEN = 8;
  const COLUMNS = [
    { name: "label", label: "point", kind: "code" }, { name: "where", label: "from", kind: "text" },
    { name: "n", label: "samples", kind: "number", unit: "count" },
    { name: "median_ns", label: "median", kind: "number", unit: "ns", better: "lower" },
    { name: "p05_ns", label: "p05", kind: "number", unit: "ns", better: "lower" },
    { name: "p95_ns", label: "p95", kind: "number", unit: "ns", better: "lower" },
    { name: "max_ns", label: "max", kind: "number", unit: "ns", better: "lower" },
    { name: "spread_pct", label: "spread", kind: "number", unit: "%", better: "lower", text: "p95 minus p05, in percent of the median" },
    { name: "drift_pct", label: "drift", kind: "number", unit: "%", better: "lower", text: "median of the second half against that of the first half" },
  ];

  class Samples {
    constructor(node, payload) {
      this.series = payload.series;
      this.cache = new Map();
      const tableNode = element("div", { class: "table" });
      this.time = element("div", { class: "plot", role: "img", "aria-label": "time of each iteration in order of measurement" });
      this.distribution = element("div", { class: "plot", role: "img", "aria-label": "cumulative distribution of iteration times" });
      this.legend = element("div", { class: "legend" });
      const part = (title, plot) => element("div", {}, element("h3", {}, title), plot);
      node.append(tableNode, this.legend, element("div", { class: "samples-grid" },
        part("Each iteration, in order of measurement", this.time), part("Share of iterations faster than", this.distribution)));
      this.table = new Page.table.Table(tableNode, this.tablePayload(payload.total), { page: 8, id: node.dataset.block, onselect: (selected) => this.draw(selected) });
      if (!this.table.selected.size) this.table.selected.add(0);
      this.table.mark();
      Page.whenSeen(this.time, () => {
        this.draw(this.table.selected);
        Page.redraws.push(() => this.draw(this.table.selected));
      });
    }

    tablePayload(total) {
      const quantile = (index) => this.series.map((item) => (item.quantiles.length ? item.quantiles[index] : null));
      const [p05, median, p95, max] = [1, 3, 5, 6].map(quantile);
      const spread = median.map((value, index) => (value ? 100 * (p95[index] - p05[index]) / value : null));
      const data = [this.series.map((item) => item.label), this.series.map((item) => item.where), this.series.map((item) => item.n), median, p05, p95, max,
        spread, this.series.map((item) => item.drift_pct)];
      const keep = COLUMNS.map((_, index) => index).filter((index) => index !== 1 || this.series.some((item) => item.where));
      return { columns: keep.map((index) => COLUMNS[index]), data: keep.map((index) => data[index]), rows: this.series.length, total, file: "samples.csv" };
    }

    async times(index) {
      if (!this.cache.has(index)) this.cache.set(index, await Page.unpackIntegers(this.series[index].times));
      return this.cache.get(index);
    }

    async draw(selected) {
      const chosen = [...selected].slice(-MAX_CHOSEN);
      const values = await Promise.all(chosen.map((index) => this.times(index)));
      const by = Page.format.scale("ns", values.flatMap((times) => [...times.slice(0, 50)]));
      this.legend.replaceChildren(...chosen.map((index, at) => {
        const dot = element("i");
        dot.style.background = Page.theme.series(at);
        return element("span", {}, dot, Page.format.label("label", this.series[index].label));
      }));
      const marker = (at) => ({ color: Page.theme.series(at), size: 4, opacity: 0.7 });
      const scatter = values.map((times, at) => ({
        type: "scatter", mode: "markers", y: Array.from(times, (time) => time / by.factor), marker: marker(at), hovertemplate: `%{y} ${by.label}, iteration %{x}<extra></extra>`,
      }));
      const steps = values.map((times, at) => {
        const sorted = Float64Array.from(times).sort();
        return { type: "scatter", mode: "lines", line: { shape: "hv", width: 1.6, color: Page.theme.series(at) }, x: Array.from(sorted, (time) => time / by.factor),
          y: Array.from(sorted, (_, index) => 100 * (index + 1) / sorted.length), hovertemplate: `%{y:.1f} % within %{x} ${by.label}<extra></extra>` };
      });
      Page.figure.draw(this.time, { data: scatter, layout: { showlegend: false, xaxis: { title: { text: "iteration" } }, yaxis: { title: { text: by.label } } } });
      Page.figure.draw(this.distribution, { data: steps, layout: { showlegend: false, xaxis: { title: { text: by.label } }, yaxis: { title: { text: "% of iterations" }, range: [0, 101] } } });
    }
  }

  return (node) => {
    const payload = Page.data(node.dataset.block);
    new Samples(node, payload);
  };
})();
