// Plots: Plotly figures in the page's colours and type, drawn when they come into view.
Page.figure = (function () {
  const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "triangle-down", "star"];
  const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
  const CONFIG = { displaylogo: false, responsive: true, displayModeBar: false, doubleClick: "reset" };

  /** Replace every "@name" by the theme's colour of that name. */
  function colored(value) {
    if (typeof value === "string") return value.startsWith("@") ? Page.theme.color(value.slice(1)) : value;
    if (Array.isArray(value)) return value.map(colored);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, colored(item)]));
    }
    return value;
  }

  /** Break the title of an axis in two where the plot is narrow. */
  function broken(text, width) {
    const middle = text.lastIndexOf(" ", text.length * 0.6);
    return text.length * 9 > width && middle > 0 ? text.slice(0, middle) + "<br>" + text.slice(middle + 1) : text;
  }

  function axis(own, width) {
    const { labels, names, ...rest } = own || {};
    const title = rest.title ? { text: broken(rest.title, width), font: { size: 12, color: Page.theme.color("ink-2") }, standoff: 8 } : undefined;
    return {
      gridcolor: Page.theme.color("grid"), linecolor: Page.theme.color("line-2"), zerolinecolor: Page.theme.color("line-2"),
      tickfont: { size: 11, color: Page.theme.color("ink-2") }, automargin: true, fixedrange: width < 600, ...rest, title,
    };
  }

  function layout(own, width) {
    const axes = Object.keys(own).filter((key) => /^[xy]axis\d*$/.test(key));
    const built = {
      margin: { l: 8, r: 12, t: 8, b: 8 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: "zoom",
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: Page.theme.color("ink") },
      hoverlabel: { bgcolor: Page.theme.color("ink"), bordercolor: Page.theme.color("ink"), font: { color: Page.theme.color("bg"), size: 12 } },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, font: { size: 12 } }, ...colored(own),
    };
    for (const name of new Set(["xaxis", "yaxis", ...axes])) built[name] = axis(colored(own[name]), width);
    return built;
  }

  /** Break a name into at most three lines: before template arguments and after spaces. */
  function lines(name, length) {
    const found = [""];
    for (const part of name.split(/(?=<)|(?<=[ ,])/)) {
      const last = found[found.length - 1];
      if (last && (last + part).trimEnd().length > length && found.length < 3) found.push(part);
      else found[found.length - 1] = last + part;
    }
    return found.map((line) => Page.format.plotly(Page.format.shorten(line.trim(), length)));
  }

  /** Long names as tick labels: positions instead of categories, so that names are text and never markup. */
  function named(figure, width, node) {
    const own = figure.layout.yaxis || {};
    if (own.labels !== "code" && !own.names) return figure;
    const names = own.names || figure.data[0].y;
    const length = Math.max(26, Math.min(80, Math.floor(width / 14)));
    const texts = names.map((name) => lines(name, length));
    // broken names need room, and rows are all of one height
    const most = Math.max(...texts.map((text) => text.length));
    if (figure.height) node.style.height = `${figure.height + texts.length * (most - 1) * 13}px`;
    const yaxis = {
      ...figure.layout.yaxis, type: "linear", zeroline: false, showgrid: false, tickvals: names.map((_, index) => index), range: [-0.6, names.length - 0.4],
      ticktext: texts.map((text) => text.join("<br>")),
    };
    if (own.names) return { ...figure, layout: { ...figure.layout, yaxis } };
    const data = figure.data.map((trace) => ({ ...trace, y: names.map((_, index) => index) }));
    return { ...figure, data, layout: { ...figure.layout, yaxis } };
  }

  /** Texts of a tooltip: no markup, and in lines that fit a screen. */
  function tip(value) {
    if (Array.isArray(value)) return value.map(tip);
    return typeof value === "string" ? (value.match(/[^]{1,90}/g) || []).map(Page.format.plotly).join("<br>") : value;
  }

  /** Series differ by shape, not by colour alone. */
  function shaped(trace, index) {
    if (trace.type !== "scatter") return trace;
    return {
      ...trace,
      ...(trace.marker ? { marker: { symbol: SYMBOLS[index % SYMBOLS.length], ...trace.marker } } : {}),
      ...(trace.mode === "lines" ? { line: { dash: DASHES[index % DASHES.length], ...trace.line } } : {}),
    };
  }

  function draw(node, raw) {
    const width = node.clientWidth;
    const length = Math.max(24, Math.min(80, Math.floor(width / 8)));
    const figure = named(raw, width, node);
    const data = colored(figure.data).map((trace, index) => ({
      ...shaped(trace, index), name: trace.name ? Page.format.plotly(Page.format.shorten(trace.name, length)) : undefined, ...(trace.customdata ? { customdata: tip(trace.customdata) } : {}),
    }));
    return Plotly.react(node, data, layout(figure.layout, width), CONFIG);
  }

  function start(node) {
    const figure = Page.data(node.dataset.block);
    Page.drawWhenSeen(node, () => draw(node, figure));
  }

  return { start, draw, SYMBOLS };
})();
