// The filter of a table: words that a row must hold, and conditions on columns such as `median > 12 µs`.
Page.filter = (function () {
  const powers = (unit) => Object.fromEntries(["", "k", "m", "g", "t"].map((prefix, power) => [prefix + unit, 1000 ** power]));
  const UNITS = {
    "ns": { ns: 1, us: 1e3, "\u00b5s": 1e3, "\u03bcs": 1e3, ms: 1e6, s: 1e9 },
    "bytes": { ...powers("b"), kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3, tib: 1024 ** 4 },
    "bytes/s": powers("b/s"), "FLOP/s": powers("flop/s"), "Hz": powers("hz"), "%": { "%": 1 },
  };
  const NUMBER = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(.*)$/i;
  const plain = (text) => text.toLowerCase().replace(/_/g, " ");

  /** The column that the last words before an operator name, by its name in the data or by its heading; null when none. */
  function named(table, before) {
    const words = before.trim().split(/\s+/).filter(Boolean);
    const order = [...table.visible, ...table.columns.keys()];
    for (let count = words.length; count > 0; count--) {
      const text = words.slice(-count).join(" ");
      const rest = words.slice(0, -count);
      const byName = order.find((index) => table.columns[index].name === text);
      const index = byName ?? order.find((at) => plain(table.columns[at].label) === plain(text));
      if (index !== undefined) return { index, rest, byName: byName !== undefined };
    }
    return null;
  }

  /** A number with its unit: after a heading in the unit shown, after a column's name in the unit of the data, else as written. */
  function quantity(table, found, text, next) {
    const column = table.columns[found.index];
    const units = UNITS[column.unit] || {};
    const match = NUMBER.exec(text);
    if (!match) return { problem: `“${text}” is no number: ${column.label} holds numbers.` };
    const glued = match[2].toLowerCase();
    if (glued && !units[glued]) return { problem: `“${match[2]}” is no unit of ${column.label}.` };
    const unit = glued || (units[next.toLowerCase()] ? next.toLowerCase() : "");
    const by = table.scales[found.index];
    const shown = found.byName || !by ? 1 : by.factor;
    const tolerance = found.byName || unit || !by ? 0 : 0.5 * by.factor / 10 ** by.digits;
    return { value: Number(match[1]) * (unit ? units[unit] : shown), tolerance, took: unit && !glued };
  }

  function numeric(values, operator, { value, tolerance }) {
    const test = {
      ">": (item) => item > value, "<": (item) => item < value, ">=": (item) => item >= value, "<=": (item) => item <= value,
      "=": (item) => Math.abs(item - value) <= tolerance, "!=": (item) => Math.abs(item - value) > tolerance,
    }[operator];
    return (row) => typeof values[row] === "number" && test(values[row]);
  }

  function textual(table, index, operator, wanted) {
    const values = table.data[index];
    const text = wanted.replace(/"/g, "").toLowerCase();
    const same = (value) => [String(value), Page.format.label(table.columns[index].name, value)].some((item) => item.toLowerCase() === text);
    return (row) => values[row] !== null && values[row] !== undefined && same(values[row]) === (operator === "=");
  }

  function unknown(table, name) {
    const labels = [...new Set(table.visible.map((index) => table.columns[index].label))];
    const more = table.columns.length - table.visible.length;
    return `No column is called “${name}”. There are: ${labels.join(", ")}${more > 0 ? ` and ${more} more under All columns` : ""}.`;
  }

  /** Read a query: tests that a row must pass, and what is wrong with it, in words. */
  function read(table, query) {
    const tests = [];
    const problems = [];
    const word = (text) => tests.push((row) => table.rowTexts()[row].includes(text.toLowerCase()));
    const pattern = />=|<=|!=|[=<>]/g;
    let from = 0;
    for (let match = pattern.exec(query); match; match = pattern.exec(query)) {
      const before = query.slice(from, match.index);
      const value = /^\s*("[^"]*"|[^\s"]+)/.exec(query.slice(pattern.lastIndex));
      const found = named(table, before);
      const column = found && table.columns[found.index];
      if (!found || (column.kind !== "number" && !/^!?=$/.test(match[0]))) {
        // no condition: part of a word, as in kernel<float>, or the name of no column
        const start = match.index - /\S*$/.exec(before)[0].length;
        const end = match.index + /^\S*/.exec(query.slice(match.index))[0].length;
        const text = query.slice(start, end).toLowerCase();
        query.slice(from, start).trim().split(/\s+/).filter(Boolean).forEach(word);
        if (start < match.index && table.rowTexts().some((item) => item.includes(text))) word(text);
        else problems.push(unknown(table, before.trim().split(/\s+/).pop() || match[0]));
        from = pattern.lastIndex = end;
        continue;
      }
      found.rest.forEach(word);
      if (!value) { // still being typed
        from = query.length;
        break;
      }
      from = pattern.lastIndex + value[0].length;
      if (column.kind === "number") {
        const next = /^\s+(\S+)/.exec(query.slice(from));
        const wanted = quantity(table, found, value[1], next ? next[1] : "");
        if (wanted.took) from += next[0].length;
        if (wanted.problem) problems.push(wanted.problem);
        else tests.push(numeric(table.data[found.index], match[0], wanted));
      } else tests.push(textual(table, found.index, match[0], value[1]));
      pattern.lastIndex = from;
    }
    query.slice(from).trim().split(/\s+/).filter(Boolean).forEach(word);
    return { tests: problems.length ? [() => false] : tests, problem: problems.join(" ") };
  }

  /** An example of a condition that fits the table and finds something, empty when no figure of it differs between rows. */
  function example(table) {
    for (const index of table.visible) {
      if (table.columns[index].kind !== "number" || !table.scales[index] || table.columns[index].plain) continue;
      const known = table.data[index].filter((value) => typeof value === "number").sort((a, b) => a - b);
      const limit = known.length ? Number((known[known.length >> 1] / table.scales[index].factor).toPrecision(2)) : 0;
      if (known.length && limit * table.scales[index].factor < known[known.length - 1]) return `${table.columns[index].label} > ${limit}`;
    }
    return "";
  }

  return { read, example };
})();
