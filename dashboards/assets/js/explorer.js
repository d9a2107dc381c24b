// The comparison of launch configurations: small plots by shape and type beside a table, selection shared.
Page.widgets.explorer = (function () {
  const { element } = Page;
  const MAX_FACETS = 12;
  const MAX_TICKS = 16;
  const COLORS = 8;
  const BEHIND = "behind_best_pct";

  class Explorer {
    constructor(node, payload) {
      this.model = new Page.ExplorerModel(payload);
      this.shown = payload.shown;
      this.attributes = payload.attributes;
      this.limit = MAX_FACETS;
      this.controls = element("div", { class: "toolbar" });
      this.chips = element("div", { class: "chips" });
      this.legend = element("div", { class: "legend" });
      this.facets = element("div", { class: "facets" });
      this.more = element("p", { class: "count" });
      this.tableNode = element("div", { class: "table" });
      this.grid = element("div", { class: "explorer-grid" }, element("div", {}, this.legend, this.facets, this.more), this.tableNode);
      const filter = element("details", { class: "filter no-print" }, element("summary", {}, "Show only"), this.chips);
      filter.open = node.clientWidth > 700;
      node.append(this.controls, filter, this.grid);
      this.makeTable(payload.table, node.dataset.block);
      this.makeControls();
      this.makeChips();
      this.refresh();
      window.addEventListener("resize", () => this.arrange());
      Page.drawWhenSeen(this.grid, () => {
        this.seen = true;
        this.arrange();
        this.draw();
      });
    }

    makeTable(payload, id) {
      const column = {
        name: BEHIND, label: "behind best", unit: "%", kind: "number", better: "lower",
        text: "distance to the best configuration that does the same work, by the first time of this table",
      };
      const first = this.model.measures[0];
      const columns = [...payload.columns];
      const data = [...payload.data];
      const behind = this.model.behind();
      if (this.model.work && behind.some((value) => value > 0)) {
        const place = columns.findIndex((item) => item.name === first.mid) + 1;
        columns.splice(place, 0, column);
        data.splice(place, 0, behind);
      }
      // a phone shows first what names a row, in one column where there is one, then its time
      const names = payload.columns.map((item) => item.name);
      const isNamed = names.includes("label");
      const own = this.attributes.filter((name) => name !== "recording");
      this.table = new Page.table.Table(this.tableNode, { ...payload, columns, data }, {
        sort: (first.better === "higher" ? "-" : "") + first.mid, page: 12, bar: [BEHIND], chooser: false, id,
        compact: names, narrow: [...(isNamed ? ["label"] : own), first.mid, BEHIND, "recording", "effective_bandwidth_bytes_per_s"],
        wide: isNamed ? own : [], onselect: () => this.draw(),
      });
      this.table.accept = (row) => this.model.shows(row);
      this.compact(true);
    }

    /** Show the columns that decide, time, bandwidth and occupancy first, or all. */
    compact(on) {
      const first = this.model.measures[0].mid;
      this.isCompact = on;
      this.table.choose(!on, [...this.attributes, ...this.shown, first, BEHIND, this.model.measure.mid, "effective_bandwidth_bytes_per_s",
        "achieved_occupancy_pct", "theoretical_occupancy_pct", "registers_per_thread"]);
      this.arrange();
    }

    /** Put the table below the plots when it does not fit beside them. */
    arrange() {
      this.grid.classList.remove("stacked");
      const { scrollWidth, clientWidth } = this.table.scroll;
      this.grid.classList.toggle("stacked", !this.isCompact || scrollWidth > clientWidth + 1);
    }

    makeControls() {
      const model = this.model;
      const names = model.varying.map((name) => [name, model.labels[name]]);
      const measures = model.measures.map((item) => [item.id, item.label]);
      const role = (text, key) => Page.select(text, [["", "none"], ...names], model[key] || "", (value) => { model.place(key, value); this.makeControls(); this.refresh(); });
      this.controls.replaceChildren(
        Page.select("Show", measures, model.measure.id, (id) => { model.measure = model.measures.find((item) => item.id === id); this.compact(this.isCompact); this.draw(); }),
        ...(names.length > 1 ? [role("along", "x"), role("colour", "color")] : []),
        ...(model.work ? [Page.toggle("Relative to best", model.relative, (on) => { model.relative = on; this.draw(); }, "Divide by the best configuration that does the same work")] : []),
        Page.toggle("Log scale", model.logarithmic, (on) => { model.logarithmic = on; this.draw(); }),
        Page.toggle("All columns", !this.isCompact, (on) => { this.compact(!on); this.draw(); }),
        Page.button("Clear selection", () => this.clear(), { class: "quiet" }),
      );
    }

    clear() {
      this.table.selected.clear();
      this.table.mark();
      this.table.keepSelection();
      this.draw();
    }

    makeChips() {
      const model = this.model;
      const sets = model.varying.filter((name) => model.values[name].length <= 16).map((name) => {
        const buttons = model.values[name].map((value) => Page.toggle(Page.format.shorten(Page.format.label(name, value), 40), true, (on) => {
          if (on) model.hidden[name].delete(value); else model.hidden[name].add(value);
          this.refresh();
        }, `Show or hide ${value}`));
        return element("fieldset", {}, element("legend", {}, model.labels[name]), ...buttons);
      });
      this.chips.replaceChildren(...sets);
    }

    refresh() {
      this.table.refresh();
      this.draw();
    }

    draw() {
      const groups = this.model.groups();
      const shown = groups.slice(0, this.limit);
      while (this.facets.children.length > shown.length) {
        const plot = this.facets.lastChild.lastChild;
        this.facets.lastChild.remove();
        Promise.resolve(plot.drawn).then(() => Plotly.purge(plot)); // Plotly may still be at work on it
      }
      while (this.facets.children.length < shown.length) {
        this.facets.append(element("div", { class: "facet" }, element("div", { class: "facet-title" }), Page.plot("")));
      }
      const by = this.scaleOf(groups);
      this.facets.classList.toggle("single", shown.length === 1);
      shown.forEach((group, index) => {
        this.facets.children[index].firstChild.textContent = group.title;
        if (this.seen) this.facet(this.facets.children[index], group, by);
      });
      this.drawLegend(by);
      this.more.replaceChildren();
      if (groups.length > shown.length) {
        this.more.append(`${shown.length} of ${groups.length} plots shown. `,
          Page.button(`Show ${Math.min(MAX_FACETS, groups.length - shown.length)} more`, () => { this.limit += MAX_FACETS; this.draw(); }));
      }
    }

    scaleOf(groups) {
      const values = this.model.columns[this.model.measure.mid];
      return Page.format.scale(this.model.measure.unit, [groups.flatMap((group) => group.rows).reduce((most, row) => Math.max(most, values[row]), 0)]);
    }

    /** Sets of values that share a colour: one value each, or neighbours where there are more values than colours. */
    colors() {
      const { color, values } = this.model;
      if (!color) return [null];
      const size = Math.ceil(values[color].length / COLORS);
      return values[color].length <= 2 * COLORS ? values[color].map((value) => [value])
        : Array.from({ length: Math.ceil(values[color].length / size) }, (_, index) => values[color].slice(index * size, (index + 1) * size));
    }

    drawLegend(by) {
      const model = this.model;
      const spread = model.measure.low && model.measure.high ? ", median with p05 to p95" : "";
      this.legend.replaceChildren(element("span", { class: "axis" }, `${model.measure.label}${model.isRelative ? ", × best" : by.label ? `, ${by.label}` : ""}${spread}`));
      if (!model.color) return;
      this.legend.append(element("span", { class: "title" }, model.labels[model.color]));
      const text = (value) => Page.format.shorten(Page.format.label(model.color, value), 48);
      this.colors().forEach((values, index) => {
        if (values.every((value) => model.hidden[model.color].has(value))) return;
        this.legend.append(element("span", {}, Page.dot(Page.theme.series(index)), text(values[0]), values.length > 1 ? ` to ${text(values[values.length - 1])}` : ""));
      });
    }

    facet(node, group, by) {
      const model = this.model;
      const plot = node.lastChild;
      plot.setAttribute("aria-label", `${model.measure.label} by ${model.x || "configuration"}${group.title ? ", " + group.title : ""}`);
      const best = model.isRelative ? model.best(model.measure) : null;
      const factor = best ? (row) => best[row] || 1 : () => by.factor;
      const ticks = model.x ? model.values[model.x] : [""];
      const named = ticks.map((_, index) => index).filter((index) => index % Math.ceil(ticks.length / MAX_TICKS) === 0);
      const traces = this.colors().map((values, index) => this.trace(group, values, index, factor, ticks)).filter(Boolean);
      const length = ticks.length > 8 ? 8 : 14;
      const layout = {
        showlegend: false, hovermode: "closest",
        xaxis: { title: model.x ? Page.format.plotly(model.labels[model.x]) : "", tickvals: named,
          ticktext: named.map((index) => Page.format.plotly(Page.format.shorten(Page.format.label(model.x, ticks[index]), length))), range: [-0.5, ticks.length - 0.5], zeroline: false },
        yaxis: { type: model.logarithmic ? "log" : "linear", rangemode: model.isRelative ? "normal" : "tozero", nticks: 6 },
      };
      plot.drawn = Page.figure.draw(plot, { data: traces, layout });
      if (!plot.bound) {
        plot.bound = true;
        plot.on("plotly_click", (event) => this.pick(event.points[0].customdata));
        plot.on("plotly_hover", (event) => Page.tip(this.hover(event.points[0].customdata), event.event.pageX, event.event.pageY));
        plot.on("plotly_unhover", () => Page.tip(""));
      }
    }

    pick(row) {
      this.table.reveal(row);
      this.table.toggle(row);
    }

    trace(group, values, index, factor, ticks) {
      const model = this.model;
      const { mid, low, high } = model.measure;
      const position = new Map(ticks.map((tick, at) => [tick, at]));
      const own = new Set(values);
      const rows = group.rows
        .filter((row) => (!model.color || own.has(model.columns[model.color][row])) && model.columns[mid][row] !== null)
        .sort((a, b) => (model.x ? position.get(model.columns[model.x][a]) - position.get(model.columns[model.x][b]) : 0));
      if (!rows.length) return null;
      const count = this.colors().length;
      const shift = count > 1 ? (index - (count - 1) / 2) * Math.min(0.12, 0.6 / count) : 0;
      const at = (name, row) => model.columns[name][row] / factor(row);
      const { selected } = this.table;
      const spread = low && high ? {
        type: "data", symmetric: false, thickness: 1.4, width: 3,
        array: rows.map((row) => at(high, row) - at(mid, row)), arrayminus: rows.map((row) => at(mid, row) - at(low, row)),
      } : undefined;
      return {
        type: "scatter", mode: model.lines && (!values || values.length === 1) ? "lines+markers" : "markers", x: rows.map((row) => (model.x ? position.get(model.columns[model.x][row]) : 0) + shift),
        y: rows.map((row) => at(mid, row)), error_y: spread, customdata: rows, hoverinfo: "none", line: { color: Page.theme.series(index), width: 1.5 }, opacity: 1,
        marker: {
          color: Page.theme.series(index), symbol: Page.figure.SYMBOLS[index % COLORS], size: rows.map((row) => (selected.has(row) ? 13 : 7)),
          opacity: rows.map((row) => (!selected.size || selected.has(row) ? 1 : 0.45)),
          line: { color: Page.theme.color("ink"), width: rows.map((row) => (selected.has(row) ? 2 : 0)) },
        },
      };
    }

    /** What a point is, in full, and its figures; the page's own tip, as Plotly drops a text that is larger than its plot. */
    hover(row) {
      const model = this.model;
      const names = model.columns.label ? ["label", ...(model.columns.recording ? ["recording"] : [])] : this.attributes;
      const lines = names.map((name) => Page.format.label(name, model.columns[name][row]));
      for (const measure of model.measures) {
        const value = model.columns[measure.mid][row];
        if (value === null) continue;
        const range = measure.low && measure.high && model.columns[measure.low][row] !== null
          ? ` (${Page.format.one(model.columns[measure.low][row], measure.unit)} – ${Page.format.one(model.columns[measure.high][row], measure.unit)})` : "";
        lines.push(`${measure.label}: ${Page.format.one(value, measure.unit)}${range}`);
      }
      return lines.join("\n");
    }
  }

  return (node) => { node.explorer = new Explorer(node, Page.data(node.dataset.block)); };
})();
