// Timeline input: wheel, pointer, touch and keys.
Page.timelineInput = (function () {
  const KEYS = {
    w: (line) => line.zoom(0.6), s: (line) => line.zoom(1 / 0.6), a: (line) => line.pan(-0.2), d: (line) => line.pan(0.2),
    "+": (line) => line.zoom(0.6), "=": (line) => line.zoom(0.6), "-": (line) => line.zoom(1 / 0.6), ArrowLeft: (line) => line.pan(-0.1),
    ArrowRight: (line) => line.pan(0.1), ArrowUp: (line) => line.zoom(0.6), ArrowDown: (line) => line.zoom(1 / 0.6), 0: (line) => line.fitAll(),
    Home: (line) => line.fitAll(), g: (line) => line.fitGpu(), f: (line) => line.zoomToRange(), Escape: (line) => { line.range = null; line.choose(null); },
  };

  function place(line, event) {
    const box = line.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  function wheel(line, event) {
    const { x } = place(line, event);
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      line.zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.008), line.timeAt(Math.max(x, line.left)));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      line.pan((event.deltaX || event.deltaY) / (line.view.width - line.left));
    }
  }

  function down(line, event) {
    if (event.button > 0) return;
    const point = place(line, event);
    line.pointers.set(event.pointerId, { ...point, startX: point.x, startY: point.y });
    line.moved = false;
    line.measuring = event.shiftKey;
    if (event.pointerType !== "touch") line.lanesNode.setPointerCapture(event.pointerId);
  }

  function move(line, event) {
    const point = place(line, event);
    const last = line.pointers.get(event.pointerId);
    if (!last) { hover(line, event, point); return; }
    Page.tip("");
    if (!line.moved && Math.abs(point.x - last.startX) < 4) return;
    line.moved = true;
    line.lanesNode.classList.add("dragging");
    if (line.pointers.size === 2) pinch(line, event, point);
    else if (line.measuring) measure(line, last.startX, point.x);
    else line.pan(-(point.x - last.x) / (line.view.width - line.left));
    line.pointers.set(event.pointerId, { ...last, x: point.x, y: point.y });
  }

  function pinch(line, event, point) {
    const [other] = [...line.pointers].filter(([id]) => id !== event.pointerId).map(([, value]) => value);
    const last = line.pointers.get(event.pointerId);
    const before = Math.max(8, Math.abs(last.x - other.x));
    const after = Math.max(8, Math.abs(point.x - other.x));
    line.zoom(before / after, line.timeAt((point.x + other.x) / 2));
  }

  function measure(line, a, b) {
    const [from, to] = [line.timeAt(Math.min(a, b)), line.timeAt(Math.max(a, b))];
    line.range = { from, to };
    const busy = line.lanes.filter((lane) => lane.kind === "gpu").map((lane) =>
      `${lane.label} ${(100 * lane.rows[0].busyWithin(from, to) / (to - from)).toFixed(1)} % busy`);
    line.say(`Range of ${Page.format.one(to - from, "ns")}, from ${Page.format.one(from, "ns")}${busy.length ? " · " + busy.slice(0, 6).join(" · ") : ""}`);
    line.redraw();
  }

  function up(line, event) {
    const known = line.pointers.delete(event.pointerId);
    line.lanesNode.classList.remove("dragging");
    if (!known || line.moved || event.type === "pointercancel") return;
    const point = place(line, event);
    const under = line.hit(point.x, point.y);
    if (under && under.heading !== undefined) {
      if (line.closed.has(under.heading)) line.closed.delete(under.heading); else line.closed.add(under.heading);
      line.redraw();
    } else {
      line.range = null;
      line.choose(under && under.index >= 0 ? under : null);
    }
  }

  function hover(line, event, point) {
    const under = event.pointerType === "touch" ? null : line.hit(point.x, point.y);
    const text = !under || !under.lane ? "" : under.index >= 0 ? line.describe(under).lines.join("\n") : point.x < line.left ? under.lane.label : "";
    Page.tip(text, event.pageX, event.pageY);
  }

  /** Drag on the axis moves the window of the overview. */
  function scrub(line, event) {
    if (event.type === "pointerdown") line.axis.setPointerCapture(event.pointerId);
    if (!event.buttons) return;
    const box = line.axis.getBoundingClientRect();
    const at = (event.clientX - box.left - line.left) / (line.view.width - line.left) * line.end;
    const half = (line.view.to - line.view.from) / 2;
    line.show(at - half, at + half);
  }

  function listen(line) {
    const lanes = line.lanesNode;
    lanes.addEventListener("wheel", (event) => wheel(line, event), { passive: false });
    lanes.addEventListener("pointerdown", (event) => down(line, event));
    lanes.addEventListener("pointermove", (event) => move(line, event));
    for (const name of ["pointerup", "pointercancel"]) lanes.addEventListener(name, (event) => up(line, event));
    lanes.addEventListener("pointerleave", () => Page.tip(""));
    lanes.addEventListener("dblclick", (event) => line.zoom(0.4, line.timeAt(place(line, event).x)));
    for (const name of ["pointerdown", "pointermove"]) line.axis.addEventListener(name, (event) => scrub(line, event));
    line.frame.addEventListener("keydown", (event) => {
      const run = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (run && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); run(line); }
    });
  }

  return { listen };
})();
