// The page's one global, its data, and how elements are made. Text from captures only ever becomes text nodes.
window.Page = (function () {
  const widgets = {};
  const redraws = [];
  const kernels = new Map(); // full name to the text that is shown for it

  const data = (id) => JSON.parse(document.getElementById("data-" + id).textContent);

  /** Make an element: attributes by name, `on…` keys as listeners, children as nodes or text. */
  function element(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (key === "class") node.className = value;
      else node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }

  /** Run a function when an element first comes near the viewport, or before printing. */
  function whenSeen(node, run) {
    let done = false;
    const once = () => { if (!done) { done = true; observer.disconnect(); run(); } };
    const observer = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) once(); },
      { rootMargin: "400px" });
    observer.observe(node);
    window.addEventListener("beforeprint", once);
  }

  /** Draw when an element first comes into view, and again after each change of the theme. */
  function drawWhenSeen(node, draw) {
    whenSeen(node, () => {
      draw();
      redraws.push(draw);
    });
  }

  /** An empty place for a plot, with what it shows in words. */
  const plot = (description) => element("div", { class: "plot", role: "img", "aria-label": description });

  /** The dot of a legend in a colour. */
  function dot(color) {
    const node = element("i");
    node.style.background = color;
    return node;
  }

  const button = (text, onclick, attributes) => element("button", { type: "button", onclick, ...attributes }, text);

  /** Show a text beside the pointer, or above something where there is room; none hides it. */
  function tip(text, x, y, top = 0) {
    const node = document.getElementById("tooltip");
    node.hidden = !text;
    if (!text) return;
    node.textContent = text;
    node.style.left = `${Math.max(8, Math.min(x + 14, document.documentElement.clientWidth + window.scrollX - node.offsetWidth - 8))}px`;
    const above = top - node.offsetHeight - 6;
    node.style.top = `${above > window.scrollY ? above : y + 16}px`;
  }

  function select(label, options, value, change) {
    const list = element("select", { onchange: (event) => change(event.target.value) });
    list.append(...options.map(([id, text]) => element("option", { value: id, selected: id === value }, text)));
    return element("label", {}, label, list);
  }

  function toggle(text, pressed, change, title) {
    const node = button(text, () => {
      const next = node.getAttribute("aria-pressed") !== "true";
      node.setAttribute("aria-pressed", String(next));
      change(next);
    }, { "aria-pressed": String(pressed), title });
    return node;
  }

  /** Turn packed text back into values: `{dict, codes}` becomes a list of texts and nulls. Kernel names bring their short texts. */
  function unpack(column) {
    if (column.texts) column.dict.forEach((name, index) => kernels.set(name, column.texts[index]));
    return Array.isArray(column) ? column : column.codes.map((code) => (code < 0 ? null : column.dict[code]));
  }

  function download(name, text, type) {
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link = element("a", { href: url, download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch (error) {
      const area = element("textarea", { "aria-hidden": "true" });
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  return { widgets, redraws, kernels, data, element, whenSeen, drawWhenSeen, plot, dot, button, tip, select, toggle, unpack, download, copy };
})();
