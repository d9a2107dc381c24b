// Timeline drawing: each slice where there is room, exact busy shares per pixel where there is not.
Page.timelineDraw = (function () {
  const ROW = { gpu: 22, nvtx: 17, wait: 14, api: 14, idle: 14 };
  const GAP = 6;
  const HEADING = 20;
  const CAPTION = 14;
  const DENSE = 3; // slices per pixel above which shares are drawn instead

  /** Vertical places of headings, lanes and rows. */
  function arrange(lanes, closed, captions) {
    const items = [];
    let [top, group] = [0, null];
    for (const lane of lanes) {
      if (lane.group !== group) {
        group = lane.group;
        items.push({ heading: group, top, height: HEADING });
        top += HEADING;
      }
      if (closed.has(group)) continue;
      const height = ROW[lane.kind] || 16;
      if (captions) { items.push({ caption: lane.label, top, height: CAPTION }); top += CAPTION; }
      items.push({ lane, top, height: height * lane.rows.length, row: height });
      top += height * lane.rows.length + GAP;
    }
    return { items, height: top };
  }

  function palette() {
    const color = Page.theme.color;
    return {
      series: Array.from({ length: 8 }, (_, index) => Page.theme.series(index)), memcpy: color("copy"), memset: color("ink-3"), DtoH: color("copy-2"),
      DtoD: color("copy-3"), graph: color("series-6"), nvtx: color("nvtx"), api: color("api"), wait: color("wait"), idle: color("idle"), group: color("series-7"),
      ink: color("ink"), ink2: color("ink-2"), ink3: color("ink-3"), line: color("line"), grid: color("grid"), card: color("card"), inset: color("inset"),
      accent: color("accent"), mark: color("mark"), font: getComputedStyle(document.body).fontFamily,
    };
  }

  function fill(entry, colors) {
    if (entry.kind === "kernel") return colors.series[entry.slot];
    if (entry.kind === "memcpy") return colors[entry.group] || colors.memcpy;
    return colors[entry.kind] || colors.group;
  }

  /** Copies and fills are lower than kernels, so that they differ without colour too. */
  const inset = (entry, height) => entry.kind === "memcpy" || entry.kind === "memset" ? Math.round(height * 0.3) : 0;

  function luminance(hex) {
    const value = parseInt(hex.slice(1), 16);
    return (0.299 * (value >> 16) + 0.587 * ((value >> 8) & 255) + 0.114 * (value & 255)) / 255;
  }

  const textColor = (hex) => /^#[0-9a-f]{6}$/i.test(hex) && luminance(hex) < 0.55 ? "#ffffff" : "#101418";

  /** Prepare a canvas for the screen's resolution; returns its context in CSS pixels. */
  function fit(canvas, width, height) {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.height = height + "px";
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
  }

  /** Round times along the axis, with their places. */
  function ticks(view, left) {
    const [span, room] = [view.to - view.from, view.width - left];
    const raw = span / Math.max(1, Math.floor(room / 110));
    const power = 10 ** Math.floor(Math.log10(raw));
    const size = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= raw);
    const times = [];
    for (let time = Math.ceil(view.from / size) * size; time <= view.to; time += size) times.push({ time, x: left + (time - view.from) * room / span });
    return { size, times };
  }

  /** One row of slices. */
  function drawRow(context, row, view, left, top, height, state) {
    const width = view.width - left;
    const perPixel = (view.to - view.from) / width;
    const [first, last] = row.range(view.from, view.to);
    if (last - first > DENSE * width) drawShares(context, row, view, left, top, height, state, perPixel);
    else drawSlices(context, row, view, left, top, height, state, perPixel, first, last);
  }

  function drawShares(context, row, view, left, top, height, state, perPixel) {
    const width = Math.ceil(view.width - left);
    for (let pixel = 0; pixel < width; pixel++) {
      const from = view.from + pixel * perPixel;
      const share = row.busyWithin(from, from + perPixel) / perPixel;
      if (share <= 0) continue;
      const [first, last] = row.range(from, from + perPixel);
      const entry = dominant(row, first, last, state);
      context.globalAlpha = entry.dim ? 0.18 : 1;
      context.fillStyle = fill(entry.name, state.colors);
      const tall = Math.max(1, share * height);
      context.fillRect(left + pixel, top + height - tall, 1, tall);
    }
    context.globalAlpha = 1;
  }

  /** The name that stands for many slices: a match of the search when there is one, else the longest of a sample. */
  function dominant(row, first, last, state) {
    const stride = Math.max(1, Math.floor((last - first) / 24));
    let [best, longest, found] = [row.name[first], -1, -1];
    for (let index = first; index < last; index += stride) {
      const length = row.end[index] - row.start[index];
      if (length > longest) { longest = length; best = row.name[index]; }
      if (state.matches && state.matches[row.name[index]]) found = row.name[index];
    }
    const name = found >= 0 ? found : best;
    return { name: state.names[name], dim: Boolean(state.matches) && found < 0 };
  }

  function drawSlices(context, row, view, left, top, height, state, perPixel, first, last) {
    const bottom = height - 1;
    for (let index = first; index < last; index++) {
      const entry = state.names[row.name[index]];
      const from = left + (Math.max(row.start[index], view.from) - view.from) / perPixel;
      const to = left + (Math.min(row.end[index], view.to) - view.from) / perPixel;
      const wide = Math.max(to - from, 1);
      const color = fill(entry, state.colors);
      context.globalAlpha = state.matches && !state.matches[row.name[index]] ? 0.18 : 1;
      const lower = inset(entry, bottom);
      context.fillStyle = color;
      context.fillRect(from, top + lower, wide > 3 ? wide - 0.5 : wide, bottom - lower);
      if (wide > 46 && height >= 13) {
        context.fillStyle = textColor(color);
        context.fillText(Page.format.shorten(entry.text, Math.floor((wide - 8) / 6.1)), from + 4, top + (bottom + lower) / 2 + 0.5);
      }
    }
    context.globalAlpha = 1;
  }

  function drawAxis(canvas, view, left, colors, overview) {
    const height = 46;
    const context = fit(canvas, view.width, height);
    context.font = `11px ${colors.font}`;
    context.textBaseline = "middle";
    overview(context, left, 4, 16);
    const { size, times } = ticks(view, left);
    const by = Page.format.scale("ns", [view.to]);
    const digits = Math.max(0, Math.ceil(-Math.log10(size / by.factor)));
    context.fillStyle = colors.ink2;
    context.strokeStyle = colors.line;
    for (const { time, x } of times) {
      context.beginPath();
      context.moveTo(x, 26);
      context.lineTo(x, height);
      context.stroke();
      const text = `${(time / by.factor).toFixed(digits)} ${by.label}`;
      if (x + 6 * text.length < view.width) context.fillText(text, x + 3, 36);
    }
  }

  function drawGrid(context, view, left, height, colors) {
    context.strokeStyle = colors.grid;
    context.beginPath();
    for (const { x } of ticks(view, left).times) {
      context.moveTo(Math.round(x) + 0.5, 0);
      context.lineTo(Math.round(x) + 0.5, height);
    }
    context.stroke();
  }

  return { arrange, palette, fit, fill, drawRow, drawAxis, drawGrid };
})();
