// Tables: sort, filter, select, copy, download. A long table shows its first rows and says how many there are.
Page.table = (function () {
  const MAX_DRAWN = 2000;
  const MAX_CHOSEN = 8; // rows drawn at once, each in a colour of its own
  const NARROW = 640; // on a screen below this width a table puts first what must be seen without moving it
  const { element } = Page;

  class Table {
    constructor(node, payload, options = {}) {
      this.node = node;
      this.columns = payload.columns;
      this.data = payload.data.map(Page.unpack);
      this.options = { page: 15, compact: [], prose: [], bar: [], wide: [], chooser: true, ...payload, ...options };
      this.rows = payload.rows;
      this.limit = this.options.page;
      this.query = "";
      this.selected = new Set();
      this.accept = null;
      this.id = this.options.id || node.dataset.block;
      this.sortColumn = -1;
      this.orderBy(this.options.sort || "");
      this.orderBy(Page.address.get(`${this.id}.sort`));
      this.everything = !this.options.compact.length;
      this.visible = this.chosenColumns();
      this.prepare();
      this.build();
      this.restoreChoice();
      this.suggest();
      this.refresh();
      if (this.selected.size) this.reveal(Math.max(...this.selected));
    }

    /**
     * Indexes of the columns to show: all, or those that the block names as the ones that matter first. What is the same in
     * every row is said once above the table instead.
     */
    chosenColumns() {
      const names = this.columns.map((column) => column.name);
      const isNarrow = document.documentElement.clientWidth < NARROW;
      const lead = isNarrow ? this.options.narrow || [names[0], names[this.sortColumn]] : [];
      const wide = isNarrow ? this.options.wide : [];
      const wanted = [...new Set([...lead, ...(this.everything ? names : this.options.compact)])].map((name) => names.indexOf(name));
      const chosen = wanted.filter((index) => index >= 0);
      this.constant = this.everything ? [] : chosen.filter((index) => this.isConstant(index));
      if (this.constant.length === chosen.length) this.constant = [];
      return chosen.filter((index) => !this.constant.includes(index) && (this.everything || !wide.includes(names[index])));
    }

    isConstant(index) {
      const values = this.data[index];
      return this.rows > 2 && this.columns[index].kind !== "verdict" && values[0] !== null && values.every((value) => value === values[0]);
    }

    /** What the hidden columns hold, for all rows at once. */
    sharedText() {
      const one = (index) => {
        const column = this.columns[index];
        const value = this.data[index][0];
        const length = this.options.prose.includes(column.name) ? 400 : 60;
        return `${column.label} ${column.kind !== "number" ? Page.format.shorten(Page.format.label(column.name, value), length)
          : column.plain || !this.scales[index] ? value : Page.format.one(value, column.unit || "")}`;
      };
      return this.constant.length ? `The same in every row: ${this.constant.map(one).join(", ")}.` : "";
    }

    prepare() {
      this.scales = this.columns.map((column, index) =>
        column.kind === "number" && (column.unit || !this.options.mixed) ? Page.format.scale(column.unit || "", this.data[index], column) : null);
      this.largest = this.columns.map((column, index) =>
        this.options.bar.includes(column.name) ? this.data[index].reduce((most, value) => Math.max(most, value || 0), 0) : 0);
      this.texts = null;
    }

    build() {
      this.search = element("input", {
        type: "search", "aria-label": "Filter rows", spellcheck: "false",
        oninput: () => { this.query = this.search.value; this.limit = this.options.page; Page.address.set(`${this.id}.filter`, this.query); this.refresh(); },
      });
      this.counter = element("span", { class: "count", role: "status" });
      const copy = Page.button("Copy", () => this.copy(copy), { class: "quiet" });
      const save = Page.button("CSV", () => Page.download(this.options.file, this.csv(), "text/csv"), { class: "quiet" });
      const some = this.options.chooser && this.visible.length < this.columns.length;
      const all = some ? Page.toggle("All columns", false, (on) => this.choose(on, this.options.compact)) : null;
      this.toolbar = element("div", { class: "toolbar" }, this.rows > 5 ? this.search : null, this.counter, element("span", { class: "spacer" }), all, element("span", { class: "together" }, copy, save));
      this.problem = element("p", { class: "note note-warning", role: "status", hidden: true });
      this.shared = element("p", { class: "blank shared" });
      this.head = element("thead");
      this.body = element("tbody");
      const grid = element("table", { class: this.options.wrap ? "wrap" : this.options.prose ? "with-prose" : "" }, this.head, this.body);
      this.scroll = element("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": this.options.file.replace(".csv", "").replace(/_/g, " ") }, grid);
      this.more = Page.button("", () => { this.limit += 200; this.refresh(); });
      const blank = this.options.blank ? element("p", { class: "blank" }, `Not measured in this recording: ${this.options.blank.join(", ")}.`) : null;
      const caption = this.options.caption ? element("p", { class: "blank" }, this.options.caption) : null;
      this.foot = element("div", { class: "foot" }, this.more, caption, blank);
      this.node.replaceChildren(this.toolbar, this.problem, this.shared, this.scroll, this.foot);
    }

    /** Take an order as the page or its address names it: a column, behind a minus the largest first. */
    orderBy(text) {
      const index = this.columns.findIndex((column) => column.name === text.replace(/^-/, ""));
      if (index < 0) return;
      this.sortColumn = index;
      this.descending = text.startsWith("-");
    }

    /** Take the filter and the selection that the address names. */
    restoreChoice() {
      this.query = this.search.value = Page.address.get(`${this.id}.filter`);
      const rows = Page.address.get(`${this.id}.selected`).split(".").filter((text) => /^\d+$/.test(text)).map(Number);
      if (this.options.onselect) for (const row of rows) if (row < this.rows) this.selected.add(row);
    }

    keepSelection() { Page.address.set(`${this.id}.selected`, [...this.selected].join(".")); }

    /** Show all columns, or those of a list. */
    choose(everything, compact) {
      this.everything = everything;
      this.options.compact = compact;
      this.visible = this.chosenColumns();
      this.suggest();
      this.refresh();
    }

    suggest() {
      const example = Page.filter.example(this);
      this.search.placeholder = example ? `Filter, or ${example}` : "Filter";
      this.shared.textContent = this.sharedText();
    }

    heading(index) {
      const column = this.columns[index];
      const active = index === this.sortColumn;
      const arrow = active ? element("span", { class: "arrow", "aria-hidden": "true" }, this.descending ? " ↓" : " ↑") : null;
      const unit = this.scales[index] ? this.scales[index].label : "";
      const tip = [column.name, column.text, column.source ? "Source: " + column.source : ""].filter(Boolean).join("\n");
      const button = element("button", { type: "button", "data-tip": tip, onclick: () => this.sortBy(index) },
        column.label, arrow, element("span", { class: "unit" }, unit));
      const sort = active ? (this.descending ? "descending" : "ascending") : "none";
      return element("th", { scope: "col", class: column.kind, "aria-sort": sort }, button);
    }

    sortBy(index) {
      const numeric = this.columns[index].kind === "number";
      this.descending = index === this.sortColumn ? !this.descending : numeric && this.columns[index].better !== "lower";
      this.sortColumn = index;
      Page.address.set(`${this.id}.sort`, (this.descending ? "-" : "") + this.columns[index].name);
      this.refresh();
      const heads = this.head.querySelectorAll("button");
      if (heads[this.visible.indexOf(index)]) heads[this.visible.indexOf(index)].focus();
    }

    /** One lower-case text per row, made when first searched. */
    rowTexts() {
      if (!this.texts) {
        const textual = this.columns.map((column, index) => (column.kind === "number" ? -1 : index)).filter((index) => index >= 0);
        this.texts = Array.from({ length: this.rows }, (_, row) => textual.map((index) => this.searched(index, row)).join("\n").toLowerCase());
      }
      return this.texts;
    }

    /** What a word of the filter may stand in: the value, and what is shown for it. */
    searched(index, row) {
      const value = this.data[index][row];
      return value === null || value === undefined ? "" : `${value}\n${Page.format.label(this.columns[index].name, value)}`;
    }

    order() {
      const { tests, problem } = Page.filter.read(this, this.query);
      this.problem.textContent = problem;
      this.problem.hidden = !problem;
      if (this.accept) tests.unshift(this.accept);
      const rows = [];
      for (let row = 0; row < this.rows; row++) if (tests.every((test) => test(row))) rows.push(row);
      if (this.sortColumn < 0) return rows;
      const values = this.data[this.sortColumn];
      const sign = this.descending ? -1 : 1;
      const compare = this.columns[this.sortColumn].kind === "number"
        ? (a, b) => sign * (typeof values[a] === "number" && typeof values[b] === "number" ? values[a] - values[b] : (typeof values[a] > typeof values[b]) - 0.5)
        : (a, b) => sign * String(values[a]).localeCompare(String(values[b]), "en", { numeric: true });
      const blank = (row) => values[row] === null || values[row] === undefined;
      return rows.sort((a, b) => (blank(a) || blank(b) ? blank(a) - blank(b) : compare(a, b)) || a - b);
    }

    refresh() {
      this.shown = this.order();
      this.head.classList.toggle("units", this.visible.some((index) => this.scales[index] && this.scales[index].label));
      this.head.replaceChildren(element("tr", {}, ...this.visible.map((index) => this.heading(index))));
      const drawn = this.shown.slice(0, Math.min(this.limit, MAX_DRAWN));
      this.body.replaceChildren(...drawn.map((row) => this.row(row)));
      this.count(drawn.length);
    }

    count(drawn) {
      const total = this.options.all_rows || this.options.total;
      const found = this.shown.length;
      const parts = [drawn < found ? `${drawn} of ${found} rows shown` : `${found} ${found === 1 ? "row" : "rows"}`];
      if (found < this.rows) parts.push(`${this.rows} without the filter`);
      if (total > this.rows) parts.push(`${total} in all${this.options.metric ? `: profiler metrics --table ${this.options.metric}` : ""}`);
      this.counter.textContent = parts.join(" · ");
      this.more.hidden = drawn >= found || drawn >= MAX_DRAWN;
      this.more.textContent = `Show ${Math.min(200, found - drawn)} more`;
    }

    row(row) {
      const choose = this.options.onselect;
      return element("tr", {
        "data-row": row, tabindex: choose && "0", "aria-selected": choose && String(this.selected.has(row)),
        onclick: () => choose && this.toggle(row),
        onkeydown: (event) => { if (choose && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); this.toggle(row); } },
      }, ...this.visible.map((index) => this.cell(index, row)));
    }

    cell(index, row) {
      const column = this.columns[index];
      const value = this.data[index][row];
      if (value === null || value === undefined) return element("td", { class: column.kind + " none" }, Page.format.MISSING);
      if (column.kind === "verdict") return element("td", { class: "verdict" }, element("span", { class: "pill", "data-verdict": value }, value));
      if (column.kind !== "number") {
        const label = Page.format.label(column.name, value);
        const prose = this.options.prose.includes(column.name);
        const text = this.options.wrap || prose ? label : Page.format.shorten(label, 72);
        const size = prose ? " prose" : label.length > 18 ? " long" : "";
        return element("td", { class: column.kind + size, title: text === value ? null : value }, text);
      }
      const text = this.scales[index] ? Page.format.cell(value, this.scales[index]) : this.mixed(value);
      const cell = element("td", { class: typeof value === "number" ? "number" : "code", title: this.scales[index] && this.scales[index].factor !== 1 ? `${value} ${column.unit}` : null }, text);
      if (this.largest[index]) {
        cell.classList.add("bar");
        cell.style.setProperty("--part", `${(100 * value / this.largest[index]).toFixed(1)}%`);
      }
      return cell;
    }

    mixed(value) {
      if (typeof value !== "number") return Page.format.shorten(String(value), 30);
      return Number.isInteger(value) ? Page.format.cell(value, { factor: 1, digits: 0 }) : String(Number(value.toPrecision(6)));
    }

    toggle(row) {
      if (this.selected.has(row)) this.selected.delete(row);
      else this.selected.add(row);
      this.mark();
      this.keepSelection();
      this.options.onselect(this.selected, row);
    }

    mark() {
      for (const line of this.body.children) line.setAttribute("aria-selected", String(this.selected.has(Number(line.dataset.row))));
    }

    /** Bring a row into view, drawing more rows when it is further down. */
    reveal(row) {
      const position = this.shown.indexOf(row);
      if (position >= this.limit) { this.limit = position + 20; this.refresh(); }
      const line = [...this.body.children].find((item) => Number(item.dataset.row) === row);
      if (line) this.scroll.scrollTop = line.offsetTop - this.scroll.clientHeight / 2;
    }

    csv() {
      const quote = (value) => {
        let text = value === null || value === undefined ? "" : String(value);
        // a spreadsheet would run a name that begins like a formula: an apostrophe marks it as text
        if (typeof value === "string" && /^[=+\-@\t\r\n]/.test(text)) text = `'${text}`;
        return /[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
      };
      const lines = [this.columns.map((column) => quote(column.name)).join(",")];
      for (const row of this.shown) lines.push(this.data.map((values) => quote(values[row])).join(","));
      return lines.join("\r\n") + "\r\n";
    }

    async copy(button) {
      await Page.copy(this.csv());
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1200);
    }
  }

  /** A table and a legend whose chosen rows are drawn, the first ones to begin with, and as many as there are colours. */
  function chooser(node, payload, draw, { page, first }) {
    const [tableNode, legend] = ["table", "legend"].map((name) => element("div", { class: name }));
    const redraw = () => {
      const chosen = [...table.selected].slice(-MAX_CHOSEN);
      const name = (row) => Page.format.label(table.columns[0].name, table.data[0][row]);
      legend.replaceChildren(...chosen.map((row, index) => element("span", {}, Page.dot(Page.theme.series(index)), name(row))));
      draw(chosen);
    };
    const table = new Table(tableNode, payload, { page, id: node.dataset.block, onselect: redraw });
    if (!table.selected.size) for (let row = 0; row < Math.min(first, table.rows); row++) table.selected.add(row);
    table.mark();
    Page.drawWhenSeen(legend, redraw);
    return [tableNode, legend];
  }

  return { Table, chooser };
})();
