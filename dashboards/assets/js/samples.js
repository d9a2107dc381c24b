// Samples: every measured iteration of the chosen points, over time and as a distribution.
Page.widgets.samples = (node) => {
  const { element } = Page;
  const payload = Page.data(node.dataset.block);
  const unpacked = new Map();
  const time = Page.plot("time of each iteration in order of measurement");
  const distribution = Page.plot("cumulative distribution of iteration times");

  async function times(index) {
    if (!unpacked.has(index)) unpacked.set(index, await Page.unpackIntegers(payload.times[index]));
    return unpacked.get(index);
  }

  async function draw(chosen) {
    const values = await Promise.all(chosen.map(times));
    const by = Page.format.scale("ns", values.flatMap((some) => [...some.slice(0, 50)]));
    const scaled = values.map((some) => Array.from(some, (value) => value / by.factor));
    const scatter = scaled.map((y, at) => ({
      type: "scatter", mode: "markers", y, marker: { color: Page.theme.series(at), size: 4, opacity: 0.7 },
      hovertemplate: `%{y} ${by.label}, iteration %{x}<extra></extra>`,
    }));
    const steps = scaled.map((x, at) => ({
      type: "scatter", mode: "lines", line: { shape: "hv", width: 1.6, color: Page.theme.series(at) },
      x: [...x].sort((a, b) => a - b), y: x.map((_, index) => 100 * (index + 1) / x.length),
      hovertemplate: `%{y:.1f} % within %{x} ${by.label}<extra></extra>`,
    }));
    const axis = { title: `time, ${by.label}` };
    Page.figure.draw(time, { data: scatter, layout: { showlegend: false, xaxis: { title: "iteration" }, yaxis: axis } });
    Page.figure.draw(distribution, {
      data: steps, layout: { showlegend: false, xaxis: axis, yaxis: { title: "% of iterations", range: [0, 101] } },
    });
  }

  const part = (title, plot) => element("div", {}, element("h3", {}, title), plot);
  const plots = element("div", { class: "samples-grid" },
    part("Each iteration, in order of measurement", time), part("Share of iterations faster than", distribution));
  node.append(...Page.table.chooser(node, payload.table, draw, { page: 8, first: 1 }), plots);
};
