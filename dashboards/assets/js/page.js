// Starts every block, the tooltip and the navigation.
"use strict";
(function () {
  const tip = document.getElementById("tooltip");

  function showTip(target) {
    tip.textContent = target.dataset.tip;
    tip.hidden = false;
    const box = target.getBoundingClientRect();
    const left = Math.max(6, Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 6));
    const above = box.top - tip.offsetHeight - 6;
    tip.style.left = `${left + window.scrollX}px`;
    tip.style.top = `${(above > 0 ? above : box.bottom + 6) + window.scrollY}px`;
  }

  function tooltips() {
    const find = (event) => (event.target.closest ? event.target.closest("[data-tip]") : null);
    for (const name of ["mouseover", "focusin"]) {
      document.addEventListener(name, (event) => { const target = find(event); if (target) showTip(target); else tip.hidden = true; });
    }
    for (const name of ["mouseout", "focusout", "click"]) document.addEventListener(name, () => { tip.hidden = true; });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });
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
  for (const node of document.querySelectorAll(".table[data-block]")) Page.table.start(node);
  for (const node of document.querySelectorAll(".figure[data-block]")) Page.figure.start(node);
  for (const node of document.querySelectorAll(".widget[data-block]")) Page.widgets[node.dataset.script](node);
  tooltips();
  Page.address.start();
  navigation();
  document.documentElement.dataset.ready = "true";
})();
