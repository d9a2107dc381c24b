"""Every page: drawn without an error or a request, in light and dark, on a laptop and a phone, whatever the names are."""

from pathlib import Path

import comparisons
import pytest
import synthetic
from chromium import draw_all, opened, until

from profiler.metrics.recording import load
from profiler.report.comparison_page import render_comparison
from profiler.report.page import render
from profiler.report.trend_page import render_trend

DATA = Path(__file__).parents[1] / "data"
RECORDINGS = {
    "H200 nsys, graph nodes": lambda: [load(DATA / "nsys_h200/node.sqlite")],
    "H200 nsys, graphs": lambda: [load(DATA / "nsys_h200/graph.sqlite")],
    "H200 ncu": lambda: [load(DATA / "ncu_h200/swish.ncu-rep")],
    "nsys without GPU": lambda: [load(DATA / "nsys_nvtx_cpu/events.sqlite")],
    "everything": lambda: [synthetic.everything()],
    "two": lambda: [synthetic.recording("base"), synthetic.recording("candidate", slower=1.05, seed=5)],
    "counters only": lambda: [synthetic.bare("report.ncu-rep", synthetic.ncu_frames(), "ncu")],
    "no points": lambda: [synthetic.bare("x.sqlite", {k: v for k, v in synthetic.sweep_frames().items() if k != "nvtx_ranges"})],
    "hostile": lambda: [synthetic.hostile()],
    "silent": lambda: [synthetic.silent()],
}
PAGES = {name: lambda out, make=make: render(make(), out) for name, make in RECORDINGS.items()} | {
    "comparison": lambda out: render_comparison(comparisons.comparison(("a", "b")), out, comparisons.gate()),
    "hostile comparison": lambda out: render_comparison(comparisons.hostile(), out, comparisons.gate(synthetic.HOSTILE)),
    "trend": lambda out: render_trend(comparisons.trend(), out),
    "hostile trend": lambda out: render_trend(comparisons.trend(synthetic.HOSTILE), out),
}

SOON = ("counters only", "comparison", "trend")
"""Pages whose every control is pressed in each run; the others are among the long tests."""


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    return {name: make(folder / f"{name.replace(' ', '-').replace(',', '')}.html") for name, make in PAGES.items()}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
def test_page_is_drawn_and_fits_its_width(browser, pages, name, width, scheme):
    with opened(browser, pages[name], width, scheme) as page:
        draw_all(page)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        wide = page.evaluate("""[...document.querySelectorAll('section, section .toolbar, section .note, .recording')]
            .filter((node) => node.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .map((node) => node.className)""")
        assert wide == []
        drawn = page.evaluate(
            "[...document.querySelectorAll('.figure, .facet .plot')].map((node) => node.querySelectorAll('.trace').length)"
        )
        assert all(drawn)
        for lanes in page.query_selector_all(".timeline-lanes canvas"):
            assert (
                lanes.evaluate("(node) => new Set(node.getContext('2d').getImageData(0, 0, node.width, node.height).data).size") > 8
            )
        assert page.evaluate("window.pwned") is None


def test_hostile_names_are_shown_as_text(browser, pages):
    with opened(browser, pages["hostile"]) as page:
        draw_all(page)
        assert synthetic.HOSTILE[:40] in page.inner_text("h1")
        assert page.locator("main img, main a[href^='javascript'], svg a").count() == 0
        assert synthetic.HOSTILE[:20] in page.locator("#kernels .figure").inner_text()
        assert page.locator("#kernels td.code").first.get_attribute("title").startswith(synthetic.HOSTILE)


@pytest.mark.parametrize("name", [name if name in SOON else pytest.param(name, marks=pytest.mark.long) for name in PAGES])
def test_every_control_works_once(browser, pages, name):
    with opened(browser, pages[name]) as page:
        draw_all(page)
        for details in page.query_selector_all("details"):
            details.evaluate("(node) => { node.open = true; }")
        for index in range(page.locator("main select").count()):
            values = page.locator("main select").nth(index).evaluate("(node) => [...node.options].map((option) => option.value)")
            for value in values[:4]:
                page.locator("main select").nth(index).select_option(value)
        for search in page.query_selector_all("input[type=search]"):
            search.fill("swish")
            search.fill("")
        press_every_button(page)


def press_every_button(page):
    """Press each visible button, downloads included, and the toggles twice."""
    count = page.locator("button:visible").count()
    assert count > 0
    for index in range(count):
        button = page.locator("button:visible").nth(index)
        if button.count() == 0:
            break
        text = button.inner_text()
        if text == "CSV":
            with page.expect_download() as download:
                button.click()
            assert download.value.suggested_filename.endswith(".csv")
        else:
            button.click()
            if button.get_attribute("aria-pressed") is not None:
                button.click()


def test_theme_follows_the_system_and_the_choice_of_the_reader(browser, pages):
    with opened(browser, pages["everything"], scheme="dark") as page:
        background = lambda: page.evaluate("getComputedStyle(document.body).backgroundColor")  # noqa: E731
        dark = background()
        page.click("#theme-toggle")
        light = background()
        assert light != dark
        draw_all(page)
        grid = lambda: page.evaluate("document.querySelector('#kernels .figure').layout.xaxis.gridcolor")  # noqa: E731
        in_light = grid()
        page.click("#theme-toggle")
        assert background() == dark
        until(page, f"document.querySelector('#kernels .figure').layout.xaxis.gridcolor !== '{in_light}'")


def test_keyboard_reaches_the_content_and_every_control_has_a_name(browser, pages):
    with opened(browser, pages["everything"]) as page:
        draw_all(page)
        page.evaluate("window.scrollTo(0, 0)")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to content"
        nameless = page.evaluate("""[...document.querySelectorAll('button, input, select, [tabindex="0"]')]
            .filter((node) => !(node.textContent.trim() || node.getAttribute('aria-label') || (node.labels && node.labels.length)))
            .map((node) => node.outerHTML.slice(0, 120))""")
        assert nameless == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", [pytest.param("everything", marks=pytest.mark.long), "comparison"])
def test_text_has_enough_contrast(browser, pages, name, scheme):
    """Ratios of WCAG 2.1: 4.5 for text."""
    script = """() => {
        const parse = (text) => text.match(/[\\d.]+/g).map(Number);
        const light = (color) => parse(color).slice(0, 3).map((part) => part / 255)
            .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
            .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
        const behind = (node) => {
            const color = getComputedStyle(node).backgroundColor;
            return parse(color)[3] === 0 ? behind(node.parentElement) : color;
        };
        const low = [];
        for (const node of document.querySelectorAll('p, td, th, dt, dd, h1, h2, h3, button, a, summary, code, label, span')) {
            if (!node.textContent.trim() || node.closest('[hidden], svg, .skip')) continue;
            const [a, b] = [light(getComputedStyle(node).color), light(behind(node))].sort((x, y) => y - x);
            const ratio = (a + 0.05) / (b + 0.05);
            if (ratio < 4.5) low.push(`${node.tagName}.${node.className}: ${ratio.toFixed(2)}`);
        }
        return [...new Set(low)];
    }"""
    with opened(browser, pages[name], scheme=scheme) as page:
        draw_all(page)
        assert page.evaluate(script) == []


def test_print_shows_all_panels_without_controls(browser, pages):
    with opened(browser, pages["everything"], scheme="dark") as page:
        page.emulate_media(media="print", color_scheme="dark")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(25, 28, 32)"
        until(page, "[...document.querySelectorAll('.figure')].every((node) => node.querySelector('.main-svg'))")
        assert page.locator(".side").is_hidden()
        assert page.locator("#kernels tbody tr").count() > 5


def test_labels_of_a_phone_differ_where_the_rows_differ(browser, tmp_path):
    found = comparisons.comparison(("same again", "2 % more work"))
    path = render_comparison(found, tmp_path / "c.html", comparisons.gate())
    with opened(browser, path, 400, "dark") as page:
        draw_all(page)
        labels = page.evaluate("[...document.querySelectorAll('#rows .ytick text')].map((node) => node.textContent)")
        assert len(set(labels)) == len(labels) == 8
        cut = page.evaluate("""[...document.querySelectorAll('#rows .figure text, #rounds .figure text')].filter((node) => {
            const box = node.getBoundingClientRect();
            return box.width && (box.left < 0 || box.right > document.documentElement.clientWidth);
        }).map((node) => node.textContent)""")
        assert cut == []
        widths = page.evaluate("[...document.querySelectorAll('#sides td.code.long')].map((node) => node.clientWidth)")
        assert all(width >= 110 for width in widths)


def test_reasons_of_rows_are_not_cut(browser, tmp_path):
    found = comparisons.comparison()
    found.rows["detail"] = [
        f"{index} the difference is smaller than the spread between processes, so it is noise" for index in range(7)
    ]
    with opened(browser, render_comparison(found, tmp_path / "c.html")) as page:
        shown = page.locator("#rows td.prose").all()
        assert len(shown) == 7
        assert all(cell.evaluate("(node) => node.scrollWidth <= node.clientWidth + 1") for cell in shown)
        assert "…" not in shown[0].inner_text()
