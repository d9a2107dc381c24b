// Trend: the medians of the chosen rows run by run, with the level each belongs to.
Page.widgets.trend = (node) => {
  const payload = Page.data(node.dataset.block);
  const plot = Page.plot("median of each run, with its level");

  /** All runs in order of time: the places on the axis that rows share, and whether commits name them. */
  function places(chosen) {
    const runs = new Map();
    for (const item of chosen) item.run.forEach((run, index) => runs.set(run, { when: item.when[index], commit: item.commit[index] }));
    const sorted = [...runs].sort((a, b) => (a[1].when + a[0] < b[1].when + b[0] ? -1 : 1));
    const committed = sorted.every(([, facts]) => facts.commit);
    const labels = sorted.map(([run, facts]) => (committed ? facts.commit.slice(0, 8) : facts.when || run));
    return { at: new Map(sorted.map(([run], index) => [run, index])), labels, title: committed ? "commit" : "run" };
  }

  function traces(item, index, at, factor) {
    const scaled = (values) => values.map((value) => (value === null ? null : value / factor));
    const x = item.run.map((run) => at.get(run));
    const color = Page.theme.series(index);
    const text = item.run.map((run, place) => [run, item.commit[place], Page.format.one(item.median[place], "ns"), item.verdict[place]]
      .filter(Boolean).map(Page.format.plotly).join("<br>"));
    const symbol = item.step.map((step) => (step === null ? "circle" : step > 1 ? "triangle-up" : "triangle-down"));
    return [
      { type: "scatter", mode: "lines", x, y: scaled(item.level), line: { shape: "hv", width: 2, color }, opacity: 0.45, hoverinfo: "skip" },
      { type: "scatter", mode: "markers", x, y: scaled(item.median), text, hovertemplate: "%{text}<extra></extra>",
        marker: { color, size: item.step.map((step) => (step === null ? 7 : 12)), symbol } },
    ];
  }

  function draw(rows) {
    const chosen = rows.map((row) => payload.series[row]);
    const { at, labels, title } = places(chosen);
    const by = Page.format.scale("ns", chosen.flatMap((item) => item.median));
    const every = Math.max(1, Math.ceil(labels.length / (plot.clientWidth < 600 ? 6 : 12)));
    const ticks = labels.map((_, index) => index).filter((index) => index % every === 0);
    const xaxis = { title, tickvals: ticks, ticktext: ticks.map((index) => Page.format.plotly(labels[index])), zeroline: false };
    Page.figure.draw(plot, {
      data: chosen.flatMap((item, index) => traces(item, index, at, by.factor)),
      layout: { showlegend: false, hovermode: "closest", xaxis, yaxis: { title: `median, ${by.label}`, rangemode: "normal" } },
    });
  }

  const [table, legend] = Page.table.chooser(node, payload.table, draw, { page: 12, first: 3 });
  node.append(legend, plot, table);
};
