// Plots: Plotly figures in the page's colours and type, drawn when they come into view.
"use strict";
Page.figure = (function () {
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

  function axis(own, width) {
    const { labels, names, ...rest } = own || {};
    const title = rest.title ? { ...rest.title, font: { size: 12, color: Page.theme.color("ink-2") }, standoff: 8 } : undefined;
    return {
      gridcolor: Page.theme.color("grid"), linecolor: Page.theme.color("line-2"), zerolinecolor: Page.theme.color("line-2"),
      tickfont: { size: 11, color: Page.theme.color("ink-2") }, automargin: true, fixedrange: width < 600, ...rest, title,
    };
  }

  function layout(own, width) {
    const axes = Object.keys(own).filter((key) => /^[xy]axis\d*$/.test(key));
    const { names, ...plain } = own;
    const built = {
      margin: { l: 8, r: 12, t: 8, b: 8 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: "zoom",
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: Page.theme.color("ink") },
      hoverlabel: { bgcolor: Page.theme.color("ink"), bordercolor: Page.theme.color("ink"), font: { color: Page.theme.color("bg"), size: 12 } },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, font: { size: 12 } }, ...colored(plain),
    };
    for (const name of new Set(["xaxis", "yaxis", ...axes])) built[name] = axis(colored(own[name]), width);
    return built;
  }

  /** Long names as tick labels: positions instead of categories, so that names are text and never markup. */
  function named(figure, width) {
    const own = figure.layout.yaxis || {};
    if (own.labels !== "code" && !own.names) return figure;
    const names = own.names || figure.data[0].y;
    const length = Math.max(14, Math.min(64, Math.floor(width / 17)));
    const yaxis = {
      ...figure.layout.yaxis, type: "linear", zeroline: false, showgrid: false, tickvals: names.map((_, index) => index), range: [-0.6, names.length - 0.4],
      ticktext: names.map((name) => Page.format.plotly(Page.format.shorten(own.names ? Page.format.label("row", name) : Page.format.kernel(name), length))),
    };
    if (own.names) return { ...figure, layout: { ...figure.layout, yaxis } };
    const data = figure.data.map((trace) => ({ ...trace, y: names.map((_, index) => index) }));
    return { ...figure, data, layout: { ...figure.layout, yaxis } };
  }

  function legendName(name, kind) {
    return Page.format.plotly(Page.format.shorten(kind === "kernel" ? Page.format.kernel(name) : kind === "label" ? Page.format.label("row", name) : name, 60));
  }

  function draw(node, raw) {
    const width = node.clientWidth;
    const figure = named(raw, width);
    const data = colored(figure.data).map((trace) => ({ ...trace, name: trace.name ? legendName(trace.name, figure.layout.names) : undefined }));
    return Plotly.react(node, data, layout(figure.layout, width), CONFIG);
  }

  function start(node) {
    const figure = Page.data(node.dataset.block);
    Page.whenSeen(node, () => {
      draw(node, figure);
      Page.redraws.push(() => draw(node, figure));
    });
  }

  return { start, draw };
})();
