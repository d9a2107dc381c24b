// Light and dark: the system's choice unless the reader made one; everything drawn is drawn again after a change.
Page.theme = (function () {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const ORDER = ["auto", "light", "dark"];
  const KEY = "profiler-theme";
  let choice = "auto";

  const color = (name) => getComputedStyle(root).getPropertyValue("--" + name).trim();

  const series = (index) => color("series-" + (index % 8));

  function show(name) {
    if (name === "auto") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", name);
    for (const redraw of Page.redraws) redraw();
  }

  function apply(next) {
    choice = next;
    document.getElementById("theme-toggle").textContent = "Theme: " + next;
    show(next);
  }

  function stored() {
    try { return localStorage.getItem(KEY); } catch (error) { return null; } // storage may be barred for local files
  }

  function start() {
    apply(ORDER.includes(stored()) ? stored() : "auto");
    document.getElementById("theme-toggle").addEventListener("click", () => {
      const next = ORDER[(ORDER.indexOf(choice) + 1) % ORDER.length];
      try { localStorage.setItem(KEY, next); } catch (error) { /* the choice then lasts as long as the page */ }
      apply(next);
    });
    // paper is light, whatever the screen is
    window.addEventListener("beforeprint", () => show("light"));
    window.addEventListener("afterprint", () => show(choice));
    system.addEventListener("change", () => { if (choice === "auto") apply("auto"); });
  }

  return { color, series, start };
})();
