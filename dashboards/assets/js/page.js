// Starts every block, the tooltip and the navigation.
(function () {
  function tooltips() {
    const show = (event) => {
      const target = event.target.closest && event.target.closest("[data-tip]");
      const box = target && target.getBoundingClientRect();
      if (target) Page.tip(target.dataset.tip, box.left + window.scrollX - 14, box.bottom + window.scrollY - 10, box.top + window.scrollY);
      else Page.tip("");
    };
    for (const name of ["mouseover", "focusin"]) document.addEventListener(name, show);
    for (const name of ["mouseout", "focusout", "click"]) document.addEventListener(name, () => Page.tip(""));
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") Page.tip(""); });
  }

  function navigation() {
    const links = new Map([...document.querySelectorAll(".side a")].map((link) => [link.getAttribute("href").slice(1), link]));
    const sections = [...document.querySelectorAll("section.panel")];
    const mark = () => {
      const edge = 120;
      const passed = sections.filter((section) => section.getBoundingClientRect().top <= edge);
      const current = (passed.length ? passed[passed.length - 1] : sections[0] || {}).id;
      for (const [id, link] of links) {
        if (id === current) {
          if (!link.hasAttribute("aria-current")) {
            link.setAttribute("aria-current", "true");
            const list = link.closest("ol");
            list.scrollLeft = link.offsetLeft - list.clientWidth / 3;
          }
        } else link.removeAttribute("aria-current");
      }
    };
    let waiting = false;
    document.addEventListener("scroll", () => {
      if (!waiting) { waiting = true; requestAnimationFrame(() => { waiting = false; mark(); }); }
    }, { passive: true });
    mark();
  }

  Page.theme.start();
  for (const node of document.querySelectorAll(".swatch[data-series]")) node.style.background = `var(--series-${node.dataset.series % 8})`;
  for (const node of document.querySelectorAll(".table[data-block]")) new Page.table.Table(node, Page.data(node.dataset.block));
  for (const node of document.querySelectorAll(".figure[data-block]")) Page.figure.start(node);
  for (const node of document.querySelectorAll(".widget[data-block]")) Page.widgets[node.dataset.script](node);
  tooltips();
  Page.address.start();
  navigation();
  document.documentElement.dataset.ready = "true";
})();
