// The comparison of launch configurations as data: which attributes vary, what is compared with what, relative figures.
Page.ExplorerModel = (function () {
  const collator = new Intl.Collator("en", { numeric: true });

  const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));

  return class {
    constructor(payload) {
      this.rows = payload.table.rows;
      this.columns = Object.fromEntries(payload.table.columns.map((column, index) => [column.name, Page.unpack(payload.table.data[index])]));
      this.labels = Object.fromEntries(payload.table.columns.map((column) => [column.name, column.label]));
      this.measures = payload.measures;
      this.lines = payload.lines;
      this.work = payload.work; // columns in which rows agree that are alternatives; null when none are known to be
      this.values = Object.fromEntries(payload.attributes.map((name) => [name, this.distinct(name)]));
      this.varying = payload.attributes.filter((name) => this.values[name].length > 1);
      this.fixed = payload.attributes.filter((name) => this.values[name].length === 1 && typeof this.values[name][0] === "string");
      this.hidden = Object.fromEntries(this.varying.map((name) => [name, new Set()]));
      this.measure = this.measures[0];
      this.relative = false;
      this.logarithmic = false;
      this.choose(payload.facets.filter((name) => this.varying.includes(name)), payload.along, payload.plain);
    }

    /** Whether figures are shown over the best: of a measure of which neither more nor less is better there is none. */
    get isRelative() { return this.relative && this.measure.better !== "none"; }

    distinct(name) { return [...new Set(this.columns[name].filter((value) => value !== null))].sort(compare); }

    /** Give each varying attribute its place: the longest numeric one along x, the next as colour, the others as facets. */
    choose(facets, along, plain) {
      const free = this.varying.filter((name) => !facets.includes(name));
      const numeric = (name) => typeof this.values[name][0] === "number";
      const longest = [...free].sort((a, b) => numeric(b) - numeric(a) || this.values[b].length - this.values[a].length);
      this.x = (free.includes(along) ? along : longest[0]) || facets[facets.length - 1] || null;
      const rest = free.filter((name) => name !== this.x && this.values[name].length <= 8);
      this.color = plain ? null : rest[0] || facets.find((name) => name !== this.x) || null;
      this.facets = this.varying.filter((name) => name !== this.x && name !== this.color);
    }

    place(role, name) {
      const other = role === "x" ? "color" : "x";
      if (name && this[other] === name) this[other] = this[role];
      this[role] = name || null;
      this.facets = this.varying.filter((item) => item !== this.x && item !== this.color);
    }

    shows(row) { return this.varying.every((name) => !this.hidden[name].has(this.columns[name][row])); }

    key(row) { return this.facets.map((name) => this.columns[name][row]); }

    /** What all rows share, as the title of the only plot. */
    constant() {
      return this.fixed.map((name) => `${name === "block" ? "block " : ""}${Page.format.label(name, this.values[name][0])}`).join(" · ");
    }

    title(key) {
      if (!key.length) return this.constant();
      const one = (value, name) => (typeof value === "number" ? `${this.labels[name]} ${value}` : Page.format.label(name, value));
      return key.map((value, index) => one(value, this.facets[index])).join(" · ");
    }

    /** Groups of rows that stand in one plot, in the order of their attributes. */
    groups() {
      const groups = new Map();
      for (let row = 0; row < this.rows; row++) {
        if (!this.shows(row)) continue;
        const key = this.key(row);
        const id = JSON.stringify(key);
        if (!groups.has(id)) groups.set(id, { key, title: this.title(key), rows: [] });
        groups.get(id).rows.push(row);
      }
      return [...groups.values()].sort((a, b) => a.key.reduce((order, value, index) => order || compare(value, b.key[index]), 0));
    }

    /** Of each row the best value of its measure among those that do the same work, whatever is shown. */
    best(measure) {
      const values = this.columns[measure.mid];
      const better = measure.better === "higher" ? Math.max : Math.min;
      const found = new Map();
      this.keys ||= Array.from({ length: this.rows }, (_, row) => JSON.stringify((this.work || []).map((name) => this.columns[name][row])));
      this.keys.forEach((key, row) => { if (values[row] !== null) found.set(key, found.has(key) ? better(found.get(key), values[row]) : values[row]); });
      return this.keys.map((key) => found.get(key));
    }

    /** How far each row is behind the fastest that does the same work, in percent. */
    behind() {
      const first = this.measures[0];
      const best = this.best(first);
      const share = first.better === "higher" ? (value, row) => 1 - value / best[row] : (value, row) => value / best[row] - 1;
      return this.columns[first.mid].map((value, row) => (value === null || !best[row] ? null : share(value, row) * 100));
    }
  };
})();
