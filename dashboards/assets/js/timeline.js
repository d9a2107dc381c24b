// The timeline: zoom and pan by wheel, drag, pinch and keys; search; measuring; details of the chosen slice.
Page.widgets.timeline = (function () {
  const { element } = Page;
  const draw = Page.timelineDraw;
  const NARROW = 560; // px, below which lanes are labelled above instead of beside
  const SMALLEST_SPAN = 20; // ns

  class Timeline {
    constructor(node, data) {
      Object.assign(this, data);
      this.view = { from: 0, to: this.end, width: 0 };
      this.closed = new Set();
      this.chosen = null;
      this.range = null;
      this.matches = null;
      this.pointers = new Map();
      this.places = { items: [], height: 0 };  // a pointer may come before the first frame
      this.build(node);
      Page.timelineInput.listen(this);
      this.fitGpu();
      new ResizeObserver(() => this.redraw()).observe(this.frame);
      Page.redraws.push(() => { this.colors = null; this.redraw(); });
    }

    build(node) {
      const button = (text, title, run) => Page.button(text, run, { title });
      this.search = element("input", { type: "search", placeholder: "Find by name", "aria-label": "Find slices by name", spellcheck: "false",
        oninput: () => this.find(), onkeydown: (event) => { if (event.key === "Enter") this.next(event.shiftKey ? -1 : 1); } });
      this.found = element("span", { class: "count", role: "status" });
      const bar = element("div", { class: "toolbar" }, this.search, button("Previous", "Previous match (Shift+Enter)", () => this.next(-1)),
        button("Next", "Next match (Enter)", () => this.next(1)), this.found, element("span", { class: "spacer" }),
        button("−", "Zoom out (S)", () => this.zoom(2)), button("+", "Zoom in (W)", () => this.zoom(0.5)),
        button("All", "Show everything (0)", () => this.fitAll()), ...(this.gpu ? [button("GPU work", "Show the GPU's work (G)", () => this.fitGpu())] : []), button("Zoom to range", "Zoom to the measured range or the chosen slice (F)", () => this.zoomToRange()));
      this.axis = element("canvas", { class: "timeline-axis" });
      this.canvas = element("canvas");
      this.lanesNode = element("div", { class: "timeline-lanes" }, this.canvas);
      this.frame = element("div", { class: "timeline-frame", tabindex: "0", role: "application", "aria-label": "Timeline. W and S zoom, A and D move, 0 shows everything, Enter on the search finds." },
        this.axis, this.lanesNode);
      this.detail = element("div", { class: "timeline-detail", role: "status" });
      this.legend = element("div", { class: "legend timeline-legend" });
      node.append(bar, this.frame, this.legend, this.detail);
      this.choose(null);
    }

    /** Colours with the names they stand for; pressing one finds its slices. */
    drawLegend() {
      const shown = new Map();
      for (const entry of this.names) {
        const other = entry.kind === "kernel" && entry.slot === 7;
        const name = entry.label || entry.text;
        const key = other ? "other kernels" : name;
        if (!["kernel", "memcpy", "memset", "graph"].includes(entry.kind) || shown.has(key + entry.slot)) continue;
        shown.set(key + entry.slot, { key, search: other ? "" : name, color: draw.fill(entry, this.colors), order: entry.kind === "kernel" ? entry.slot : 9 });
      }
      const items = [...shown.values()].sort((a, b) => a.order - b.order).slice(0, 14);
      const press = (item) => {
        this.search.value = this.search.value === item.search ? "" : item.search;
        this.find();
      };
      this.legend.replaceChildren(...items.map((item) => {
        const entry = Page.button(Page.format.shorten(item.key, 72), () => press(item), { class: "quiet" });
        entry.prepend(Page.dot(item.color));
        return entry;
      }));
    }

    help() {
      const key = (text) => element("kbd", {}, text);
      return ["Drag to move, ", key("Ctrl"), "+wheel or pinch to zoom, ", key("Shift"), "+drag to measure, click a slice for details. Keys: ",
        key("W"), " ", key("S"), " zoom, ", key("A"), " ", key("D"), " move, ", key("0"), " all, ", key("G"), " GPU work, ", key("F"), " zoom to range."];
    }

    get left() { return this.view.width < NARROW ? 0 : 132; }

    get perPixel() { return (this.view.to - this.view.from) / (this.view.width - this.left); }

    timeAt(x) { return this.view.from + (x - this.left) * this.perPixel; }

    xAt(time) { return this.left + (time - this.view.from) / this.perPixel; }

    show(from, to) {
      const span = Math.max(SMALLEST_SPAN, Math.min(to - from, this.end * 1.04));
      const start = Math.max(-this.end * 0.02, Math.min(from, this.end * 1.02 - span));
      this.view.from = start;
      this.view.to = start + span;
      this.redraw();
    }

    fitAll() { this.show(-this.end * 0.005, this.end * 1.005); }

    /** Show the GPU's work: set-up before it is often longer than all that matters. */
    fitGpu() {
      if (!this.gpu) { this.fitAll(); return; }
      const margin = Math.max((this.gpu.to - this.gpu.from) * 0.02, SMALLEST_SPAN);
      this.show(this.gpu.from - margin, this.gpu.to + margin);
    }

    zoom(factor, at = (this.view.from + this.view.to) / 2) {
      const span = Math.max(SMALLEST_SPAN, (this.view.to - this.view.from) * factor);
      const share = (at - this.view.from) / (this.view.to - this.view.from);
      this.show(at - share * span, at + (1 - share) * span);
    }

    pan(share) {
      const by = (this.view.to - this.view.from) * share;
      this.show(this.view.from + by, this.view.to + by);
    }

    zoomToRange() {
      const range = this.range || (this.chosen && { from: this.chosen.row.start[this.chosen.index], to: this.chosen.row.end[this.chosen.index] });
      if (!range) { this.say("Measure a range with Shift and drag, or click a slice, and zoom to it."); return; }
      const margin = Math.max((range.to - range.from) * 0.05, SMALLEST_SPAN / 4);
      this.show(range.from - margin, range.to + margin);
    }

    redraw() {
      if (this.waiting) return;
      this.waiting = true;
      requestAnimationFrame(() => { this.waiting = false; this.paint(); });
    }

    paint() {
      this.view.width = this.frame.clientWidth;
      if (!this.view.width) return;
      if (!this.colors) {
        this.colors = draw.palette();
        this.drawLegend();
      }
      this.places = draw.arrange(this.lanes, this.closed, !this.left);
      const context = draw.fit(this.canvas, this.view.width, this.places.height);
      const state = { colors: this.colors, names: this.names, matches: this.matches };
      draw.drawGrid(context, this.view, this.left, this.places.height, this.colors);
      context.textBaseline = "middle";
      for (const item of this.places.items) {
        if (item.heading !== undefined) this.paintHeading(context, item);
        else if (item.caption !== undefined) this.write(context, item.caption, 3, item.top + item.height / 2, this.colors.ink3, "10px");
        else this.paintLane(context, item, state);
      }
      this.paintMarks(context);
      draw.drawAxis(this.axis, this.view, this.left, this.colors, (...args) => this.paintOverview(...args));
      this.frame.dataset.drawn = String(Number(this.frame.dataset.drawn || 0) + 1);
    }

    paintHeading(context, item) {
      context.fillStyle = this.colors.inset;
      context.fillRect(0, item.top, this.view.width, item.height - 2);
      const text = `${this.closed.has(item.heading) ? "▸" : "▾"} ${item.heading}`;
      this.write(context, text, 6, item.top + item.height / 2 - 1, this.colors.ink2, "600 11px");
    }

    write(context, text, x, y, color, font) {
      context.fillStyle = color;
      context.font = `${font} ${this.colors.font}`;
      context.fillText(text, x, y);
    }

    paintLane(context, item, state) {
      context.save();
      context.beginPath();
      context.rect(this.left, item.top, this.view.width - this.left, item.height);
      context.clip();
      context.font = `11px ${this.colors.font}`;
      item.lane.rows.forEach((row, index) => draw.drawRow(context, row, this.view, this.left, item.top + index * item.row, item.row, state));
      context.restore();
      if (this.left) this.write(context, Page.format.shorten(item.lane.label, 22), 8, item.top + item.row / 2, this.colors.ink2, "11px");
    }

    paintMarks(context) {
      if (this.range) {
        const [from, to] = [this.xAt(this.range.from), this.xAt(this.range.to)];
        context.fillStyle = this.colors.accent;
        context.globalAlpha = 0.14;
        context.fillRect(from, 0, to - from, this.places.height);
        context.globalAlpha = 1;
      }
      if (!this.chosen) return;
      const item = this.places.items.find((place) => place.lane === this.chosen.lane);
      if (!item) return;
      const { row, index } = this.chosen;
      const from = Math.max(this.xAt(row.start[index]), this.left);
      const to = Math.min(Math.max(this.xAt(row.end[index]), from + 2), this.view.width);
      context.strokeStyle = this.colors.ink;
      context.lineWidth = 2;
      if (to >= this.left) context.strokeRect(from - 1, item.top + this.chosen.at * item.row, to - from + 2, item.row - 1);
      context.lineWidth = 1;
    }

    /** All GPU work of the whole recording, with the window that is shown below. */
    paintOverview(context, left, top, height) {
      const width = this.view.width - left;
      const rows = this.lanes.filter((lane) => lane.kind === "gpu").flatMap((lane) => lane.rows);
      const busiest = rows.length ? rows : this.lanes.flatMap((lane) => lane.rows);
      context.fillStyle = this.colors.inset;
      context.fillRect(left, top, width, height);
      context.fillStyle = this.colors.api;
      const size = this.end / width;
      for (let pixel = 0; pixel < width; pixel++) {
        const share = Math.min(1, busiest.reduce((sum, row) => sum + row.busyWithin(pixel * size, (pixel + 1) * size), 0) / size);
        if (share > 0) context.fillRect(left + pixel, top + height - Math.max(1, share * height), 1, Math.max(1, share * height));
      }
      const [from, to] = [left + this.view.from / size, left + this.view.to / size];
      context.strokeStyle = this.colors.accent;
      context.strokeRect(Math.max(left, from) + 0.5, top + 0.5, Math.max(3, Math.min(this.view.width, to) - Math.max(left, from) - 1), height - 1);
    }

    /** What is under a point of the lanes: a heading, or a lane, its row and perhaps a slice. */
    hit(x, y) {
      const item = this.places.items.find((place) => y >= place.top && y < place.top + place.height);
      if (!item || item.lane === undefined) return item || null;
      const at = Math.min(item.lane.rows.length - 1, Math.floor((y - item.top) / item.row));
      const row = item.lane.rows[at];
      return { lane: item.lane, row, at, index: x < this.left ? -1 : row.at(this.timeAt(x), this.perPixel * 2) };
    }

    describe(place) {
      const { lane, row, index } = place;
      const entry = this.names[row.name[index]];
      const length = row.end[index] - row.start[index];
      const lines = [entry.text, `${Page.format.one(length, "ns")}, from ${Page.format.one(row.start[index], "ns")}`, lane.label];
      if (row.value && row.value[index]) {
        const size = row.value[index];
        lines.push(lane.unit === "bytes" ? `${Page.format.one(size, "bytes")}, ${Page.format.one(size / (length / 1e9), "bytes/s")}` : `${Page.format.one(size, "ns")} busy`);
      }
      return { lines, detail: entry.detail };
    }

    choose(place) {
      this.chosen = place;
      this.detail.replaceChildren(...(place ? [] : [element("p", { class: "hint-keys" }, ...this.help())]));
      if (place) {
        const { lines, detail } = this.describe(place);
        const { row, index } = place;
        this.detail.append(element("div", {}, element("b", {}, lines[0]), " · " + lines.slice(1).join(" · ")),
          element("div", {}, `exactly ${row.end[index] - row.start[index]} ns from ${row.start[index] + this.origin} ns of the capture`));
        if (detail) this.detail.append(element("div", { class: "code" }, detail.replace(/\n/g, " · ")));
      }
      this.redraw();
    }

    say(text) {
      this.detail.replaceChildren(element("div", {}, text));
    }

    find() {
      const wanted = this.search.value.trim().toLowerCase();
      this.matches = wanted ? this.names.map((entry) => `${entry.text}\n${entry.detail}`.toLowerCase().includes(wanted)) : null;
      let count = 0;
      if (this.matches) for (const lane of this.lanes) for (const row of lane.rows) for (let index = 0; index < row.n; index++) count += this.matches[row.name[index]] ? 1 : 0;
      this.found.textContent = wanted ? `${count.toLocaleString("en")} ${count === 1 ? "slice" : "slices"}` : "";
      this.redraw();
    }

    /** Go to the next match after the chosen slice, or after the middle of the view; behind the last comes the first. */
    next(direction) {
      if (!this.matches) { this.search.focus(); return; }
      const rows = this.lanes.flatMap((lane) => lane.rows.map((row, at) => ({ lane, row, at })));
      const edge = direction * Infinity;
      const now = this.chosen ? [this.chosen.row.start[this.chosen.index], rows.findIndex((item) => item.row === this.chosen.row), this.chosen.index]
        : [(this.view.from + this.view.to) / 2, edge, edge];
      const best = this.nearest(rows, now, direction) || this.nearest(rows, [-edge, -edge, -edge], direction);
      if (!best) { this.say("No match."); return; }
      const half = Math.min((this.view.to - this.view.from) / 2, Math.max(20 * (best.row.end[best.index] - best.row.start[best.index]), 5e4));
      this.choose(best);
      this.reveal(best.lane);
      this.show(best.row.start[best.index] - half, best.row.start[best.index] + half);
    }

    /** The first match behind a place, which is a time, a row and an index. */
    nearest(rows, now, direction) {
      const after = (a, b) => (a[0] === b[0] ? a[1] === b[1] ? a[2] - b[2] : a[1] - b[1] : a[0] - b[0]) * direction > 0;
      let best = null;
      rows.forEach(({ lane, row, at }, order) => {
        const key = (index) => [row.start[index], order, index];
        let index = direction > 0 ? row.range(-Infinity, now[0] - 1)[1] : row.range(-Infinity, now[0])[1] - 1;
        while (index >= 0 && index < row.n && !(this.matches[row.name[index]] && after(key(index), now))) index += direction;
        if (index >= 0 && index < row.n && (!best || after(best.key, key(index)))) best = { lane, row, at, index, key: key(index) };
      });
      return best;
    }

    /** Unfold the group of a lane and scroll to it. */
    reveal(lane) {
      this.closed.delete(lane.group);
      this.places = draw.arrange(this.lanes, this.closed, !this.left);
      draw.fit(this.canvas, this.view.width, this.places.height);
      const item = this.places.items.find((place) => place.lane === lane);
      const { scrollTop, clientHeight } = this.lanesNode;
      if (item.top < scrollTop || item.top + item.height > scrollTop + clientHeight) this.lanesNode.scrollTop = item.top - clientHeight / 3;
    }
  }

  return (node) => {
    const payload = Page.data(node.dataset.block);
    const lanes = payload.lanes.map((lane) => ({ ...lane, rows: { length: lane.rows } }));
    const height = draw.arrange(lanes, new Set(), node.clientWidth < NARROW).height;
    node.style.minHeight = `${Math.min(height, window.innerHeight * 0.6) + 160}px`; // so that nothing moves when it is drawn
    Page.whenSeen(node, async () => {
      node.timeline = new Timeline(node, await Page.loadTimeline(payload));
      node.dataset.loaded = "true";
    });
  };
})();
