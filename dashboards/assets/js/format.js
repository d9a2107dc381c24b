// Numbers as people read them: one unit and one number of decimals for a whole column or axis.
Page.format = (function () {
  const STEPS = Page.data("units"); // sizes and labels of each unit, largest first
  const THIN = "\u202f";
  const MISSING = "–";
  const LABELS = new Set(["label", "point", "range", "row", "base_label", "candidate_label"]);

  function median(values) {
    const sorted = Float64Array.from(values).sort();
    return sorted.length ? sorted[sorted.length >> 1] : 0;
  }

  /** Choose unit and decimals for values that stand below each other. */
  function scale(unit, values, column) {
    if (column && column.moment) return { factor: 1e6, label: "ms", digits: 3 };
    if (column && column.plain) return { factor: 1, label: "", digits: 0, plain: true };
    const known = values.filter((value) => typeof value === "number" && value !== 0).map(Math.abs);
    const middle = median(known);
    const steps = STEPS[unit] || [[1, unit || ""]];
    const [factor, label] = steps.find(([size]) => middle >= size) || steps[steps.length - 1];
    const whole = factor === 1 && known.every(Number.isInteger);
    return { factor, label, signed: Boolean(column && column.signed), digits: whole ? 0 : decimals(middle / factor, unit) };
  }

  function decimals(size, unit) {
    if (unit === "%") return size < 10 ? 2 : 1;
    if (size >= 1000) return 0;
    if (size >= 100) return 1;
    return size >= 10 ? 2 : 3;
  }

  function group(text) {
    const [whole, fraction] = text.split(".");
    const grouped = whole.length < 5 ? whole : whole.replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
    return fraction === undefined ? grouped : grouped + "." + fraction;
  }

  /** Format one number of a column by the column's scale, without the unit. */
  function cell(value, by) {
    if (value === null || value === undefined) return MISSING;
    if (value === 0) return "0";
    if (by.plain) return String(value);
    const scaled = value / by.factor;
    const text = scaled.toFixed(by.digits);
    const shown = Number(text) === 0 && scaled !== 0 ? String(Number(scaled.toPrecision(2))) : group(text);
    return by.signed && value > 0 ? "+" + shown : shown;
  }

  /** Format one number by itself, with its unit. */
  function one(value, unit) {
    if (value === null || value === undefined || Number.isNaN(value)) return MISSING;
    const by = scale(unit, [value]);
    const text = by.factor === 1 && Number.isInteger(value) ? group(String(value)) : String(Number((value / by.factor).toPrecision(4)));
    return by.label ? text + " " + by.label : text;
  }

  /** Shorten a long name in the middle, where template arguments are. */
  function shorten(text, length) {
    if (text.length <= length) return text;
    const tail = Math.floor(length * 0.35);
    return text.slice(0, length - tail - 1) + "…" + text.slice(text.length - tail);
  }

  /** How a value of a named column reads in a heading, a chip or a legend; the page brings the short names of kernels. */
  function label(column, value) {
    if (value === null || value === undefined) return MISSING;
    if (Page.kernels.has(value)) return Page.kernels.get(value);
    if (column === "grid" || column === "block") return String(value).replace(/(x1){1,2}$/, "");
    if (LABELS.has(column)) return String(value).replace(/(^|\s)(op|variant|shape|dtype)=/g, "$1").replace(/=/g, " ");
    return String(value);
  }

  /** Escape text for Plotly, which reads a small HTML of its own in labels. */
  const plotly = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

  return { scale, cell, one, shorten, label, plotly, MISSING };
})();
