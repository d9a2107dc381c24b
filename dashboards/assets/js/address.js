// Filter, order and selection in the page's address, behind the anchor, so that a link shows what its sender saw.
Page.address = (function () {
  const WAIT = 250; // a browser counts changes of the address: one after a word, not one a letter
  const [first, query] = split();
  const state = new URLSearchParams(query);
  let anchor = first;
  let timer = 0;

  function split() {
    const text = location.hash.slice(1);
    const at = text.indexOf("?");
    return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  }

  function write() {
    const text = state.toString();
    history.replaceState(null, "", `#${anchor}${text ? "?" + text : ""}`);
  }

  const get = (key) => state.get(key) || "";

  /** Keep a value under a key; an empty one leaves the address. */
  function set(key, value) {
    if (get(key) === value) return;
    if (value) state.set(key, value);
    else state.delete(key);
    clearTimeout(timer);
    timer = setTimeout(write, WAIT);
  }

  /** Go to the section of the address, which the browser finds only when nothing stands behind it. */
  function start() {
    const target = query && document.getElementById(anchor);
    if (target) target.scrollIntoView();
    window.addEventListener("hashchange", () => {
      const [next, other] = split();
      if (other) { location.reload(); return; } // another link to this page
      anchor = next;
      if (state.toString()) write();
    });
  }

  return { get, set, start };
})();
