// Timeline data: unpacks lanes into typed arrays and answers what lies where, in time that grows with the logarithm of their length.
(function () {
  function bytes(text) {
    const raw = atob(text);
    const result = new Uint8Array(raw.length);
    for (let index = 0; index < raw.length; index++) result[index] = raw.charCodeAt(index);
    return result;
  }

  async function inflate(text) {
    const stream = new Blob([bytes(text)]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  /** Unpack whole numbers: four byte planes of the low 32 bits, and 16 high bits where any is set. */
  Page.unpackIntegers = async function (packed) {
    const count = packed.n;
    const result = new Float64Array(count);
    if (!count) return result;
    const planes = await inflate(packed.lo);
    for (let index = 0; index < count; index++) {
      result[index] = planes[index] + planes[count + index] * 256 + planes[2 * count + index] * 65536 + planes[3 * count + index] * 16777216;
    }
    if (packed.hi) {
      const high = await inflate(packed.hi);
      for (let index = 0; index < count; index++) result[index] += (high[2 * index] + high[2 * index + 1] * 256) * 4294967296;
    }
    return result;
  };

  /** First index whose value is greater than the given one. */
  function upper(values, wanted) {
    let [low, high] = [0, values.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[middle] > wanted) high = middle; else low = middle + 1;
    }
    return low;
  }

  /** Slices of one row of a lane; on one row they hardly overlap, so both ends grow. */
  class Row {
    constructor(start, end, name, value) {
      Object.assign(this, { start, end, name, value, n: start.length });
      this.latest = new Float64Array(this.n);
      this.busy = new Float64Array(this.n + 1);
      let [last, total] = [-Infinity, 0];
      for (let index = 0; index < this.n; index++) {
        total += Math.max(0, end[index] - Math.max(start[index], last));
        last = Math.max(last, end[index]);
        this.latest[index] = last;
        this.busy[index + 1] = total;
      }
    }

    /** Indexes [from, to) of the slices that touch a span of time. */
    range(from, to) { return [upper(this.latest, from), upper(this.start, to)]; }

    /** Busy time within a span, exact. */
    busyWithin(from, to) { return this.busyUntil(to) - this.busyUntil(from); }

    busyUntil(time) {
      const index = upper(this.start, time);
      if (!index) return 0;
      return this.busy[index] - Math.max(0, this.latest[index - 1] - time);
    }

    /** The slice at a time, or the nearest within a tolerance; -1 when there is none. */
    at(time, tolerance) {
      const last = Math.min(upper(this.start, time + tolerance), this.n) - 1;
      for (let index = last; index >= Math.max(0, last - 64); index--) {
        if (this.start[index] - tolerance <= time && this.end[index] + tolerance >= time) return index;
      }
      return -1;
    }
  }

  async function unpackLane(lane) {
    const [delta, duration, name, row, value] = await Promise.all([lane.start, lane.duration, lane.name, lane.row, lane.value]
      .map((column) => (column ? Page.unpackIntegers(column) : null)));
    const end = new Float64Array(lane.n);
    for (let index = 0, time = 0; index < lane.n; index++) {
      time += delta[index];
      delta[index] = time;
      end[index] = time + duration[index];
    }
    const names = Uint32Array.from(name);
    const rows = [];
    for (let at = 0; at < lane.rows; at++) {
      if (!row) { rows.push(new Row(delta, end, names, value)); break; }
      const take = (values) => (values ? values.filter((_, index) => row[index] === at) : null);
      rows.push(new Row(take(delta), take(end), take(names), take(value)));
    }
    return { ...lane, rows, start: undefined, duration: undefined, name: undefined, row: undefined, value: undefined };
  }

  /** Names ranked by their total time get a colour slot each; the rest share the last. */
  function rank(names, lanes) {
    const totals = new Map();
    for (const lane of lanes) {
      for (const row of lane.rows) {
        for (let index = 0; index < row.n; index++) {
          const entry = names[row.name[index]];
          if (entry.kind === "kernel") totals.set(entry.group, (totals.get(entry.group) || 0) + row.end[index] - row.start[index]);
        }
      }
    }
    const ranked = [...totals].sort((a, b) => b[1] - a[1]).map(([group]) => group);
    const slots = new Map(ranked.map((group, index) => [group, Math.min(index, 7)]));
    for (const entry of names) entry.slot = entry.kind === "kernel" ? slots.get(entry.group) ?? 7 : 8;
  }

  /** From the first GPU operation to the last; null when there is none. */
  function gpuSpan(lanes) {
    const rows = lanes.filter((lane) => lane.kind === "gpu").flatMap((lane) => lane.rows).filter((row) => row.n);
    if (!rows.length) return null;
    return { from: Math.min(...rows.map((row) => row.start[0])), to: Math.max(...rows.map((row) => row.latest[row.n - 1])) };
  }

  Page.loadTimeline = async function (payload) {
    const lanes = [];
    for (const lane of payload.lanes) lanes.push(await unpackLane(lane));
    rank(payload.names, lanes);
    for (const entry of payload.names) if (entry.kind === "nvtx") entry.text = Page.format.label("range", entry.text);
    return { lanes, names: payload.names, end: Math.max(payload.end_ns, 1), origin: payload.origin_ns, gpu: gpuSpan(lanes) };
  };
})();
