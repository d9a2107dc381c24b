"""Opens pages in Chromium under a watch, and waits for what they draw."""

import time
from contextlib import contextmanager
from functools import cache

LIMIT_S = 600
"""Ends a wait that would last for ever."""


def until(page, expression, argument=None):
    """Wait until an expression is true.

    Playwright's own waiting evaluates text inside the page, which the page's policy forbids.
    """
    from playwright.sync_api import Error

    end = time.monotonic() + LIMIT_S
    while True:
        try:
            if page.evaluate(expression, argument):
                return
        except Error as error:  # the page is being loaded anew
            assert "context was destroyed" in error.message, error
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(30)


@cache
def _kept(browser):
    """Return a page that tests take after each other: beginning a process for each costs more than all that is drawn in it."""
    return browser.new_context(accept_downloads=True).new_page()


@contextmanager
def opened(browser, path, width=1280, scheme="light", **options):
    """Open a page; afterwards nothing may have been requested and nothing have been written to the console."""
    page = browser.new_context(accept_downloads=True, **options).new_page() if options else _kept(browser)
    requests, messages = [], []
    listeners = {
        "console": lambda message: messages.append(f"{message.type}: {message.text}"),
        "pageerror": lambda error: messages.append(f"error: {error}"),
    }

    def decide(route):
        url = route.request.url
        if url in (path.as_uri(), "about:blank") or url.startswith(("data:", "blob:")):
            route.continue_()
        else:
            requests.append(url)
            route.abort()

    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(media="null", color_scheme=scheme)
    page.mouse.move(0, 0)
    page.route("**/*", decide)
    for event, listener in listeners.items():
        page.on(event, listener)
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    try:
        yield page
        page.evaluate("localStorage.clear()")
        page.goto("about:blank")
    finally:
        for event, listener in listeners.items():
            page.remove_listener(event, listener)
        page.unroute("**/*")
    if options:
        page.context.close()
    assert requests == [], requests
    assert messages == [], messages


def draw_all(page):
    """Scroll through the page so that everything that waits to be seen is drawn."""
    height = page.evaluate("document.documentElement.scrollHeight")
    for top in range(0, height, 600):
        page.evaluate(f"window.scrollTo(0, {top})")
        page.wait_for_timeout(30)
    # on a busy machine the page may have been scrolled on before it noticed: what is bare is brought into view again
    until(
        page,
        """() => {
            const bare = [...document.querySelectorAll('.figure')].find((node) => !node.querySelector('.main-svg'))
                ?? [...document.querySelectorAll('.widget')].find((node) => node.children.length === 0);
            bare?.scrollIntoView();
            return !bare;
        }""",
    )
