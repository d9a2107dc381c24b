"""The timeline in the browser: exact times, exact busy shares, and every way to move."""

import numpy as np
import pytest
import synthetic
from chromium import opened, until

from profiler.report.page import render

LINE = "document.querySelector('.widget-timeline').timeline"


@pytest.fixture(scope="module")
def recording():
    return synthetic.everything()


@pytest.fixture(scope="module")
def path(recording, tmp_path_factory):
    return render([recording], tmp_path_factory.mktemp("timeline") / "page.html")


@pytest.fixture
def page(browser, path):
    with opened(browser, path) as page:
        show(page)
        yield page


def show(page):
    page.evaluate("document.querySelector('.widget-timeline').scrollIntoView()")
    page.wait_for_selector(".widget-timeline[data-loaded]", state="attached")
    until(page, "document.querySelector('.timeline-frame').dataset.drawn > 0")


def view(page):
    return page.evaluate(f"[{LINE}.view.from, {LINE}.view.to]")


def test_slices_are_exact(page, recording):
    frame = recording.table("kernels")
    lane = f"{LINE}.lanes.find((lane) => lane.label === 'stream 7')"
    origin = page.evaluate(f"{LINE}.origin")
    assert page.evaluate(f"[...{lane}.rows[0].start]") == (frame["start_ns"] - origin).tolist()
    assert page.evaluate(f"[...{lane}.rows[0].end]") == (frame["start_ns"] + frame["duration_ns"] - origin).tolist()


def test_busy_shares_are_exact(page, recording):
    frame = recording.table("kernels")
    origin, span = page.evaluate(f"[{LINE}.origin, {LINE}.end]")
    start = (frame["start_ns"] - origin).to_numpy()
    end = start + frame["duration_ns"].to_numpy()
    random = np.random.default_rng(7)
    for low, high in np.sort(random.integers(0, int(span), (40, 2)), axis=1).tolist():
        expected = int(np.clip(np.minimum(end, high) - np.maximum(start, low), 0, None).sum())
        found = page.evaluate(f"{LINE}.lanes.find((lane) => lane.label === 'stream 7').rows[0].busyWithin({low}, {high})")
        assert found == expected


def test_nested_ranges_have_rows_of_their_own(page, recording):
    ranges = recording.table("nvtx_ranges")
    rows = page.evaluate(f"{LINE}.lanes.find((lane) => lane.kind === 'nvtx').rows.map((row) => row.n)")
    inner = int((ranges["name"].astype(str) == "iteration").sum())
    assert rows == [len(ranges) - inner, inner]


def test_keys_zoom_move_and_fit(page):
    page.locator(".timeline-frame").focus()
    kernels = view(page)
    page.keyboard.press("0")
    whole = view(page)
    assert whole[0] < 0 and whole[1] > page.evaluate(f"{LINE}.end")
    page.keyboard.press("g")
    assert view(page) == pytest.approx(kernels)
    page.keyboard.press("0")
    page.keyboard.press("w")
    zoomed = view(page)
    assert zoomed[1] - zoomed[0] == pytest.approx((whole[1] - whole[0]) * 0.6)
    page.keyboard.press("d")
    assert view(page)[0] > zoomed[0]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("s")
    page.keyboard.press("0")
    assert view(page) == pytest.approx(whole)


def test_the_first_view_is_the_work_of_the_gpu(page, recording):
    origin = page.evaluate(f"{LINE}.origin")
    starts = [recording.table(name)["start_ns"].min() for name in ("kernels", "memcpys")]
    ends = [(frame["start_ns"] + frame["duration_ns"]).max() for frame in (recording.table("kernels"), recording.table("memcpys"))]
    low, high = (min(starts) - origin, max(ends) - origin)
    assert view(page) == pytest.approx([low - (high - low) * 0.02, high + (high - low) * 0.02], abs=2)


def test_wheel_zooms_at_the_pointer_only_with_control(page):
    box = page.locator(".timeline-lanes").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    whole = view(page)
    page.mouse.wheel(0, 0)
    assert view(page) == whole
    under = page.evaluate(f"{LINE}.timeAt({box['width'] / 2})")
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    until(page, f"{LINE}.view.to - {LINE}.view.from < {(whole[1] - whole[0]) * 0.9}")
    assert page.evaluate(f"{LINE}.timeAt({box['width'] / 2})") == pytest.approx(under, rel=1e-3)


def test_drag_moves_and_shift_drag_measures(page):
    page.evaluate(f"{LINE}.show(20e6, 40e6)")
    box = page.locator(".timeline-lanes").bounding_box()
    y = box["y"] + 40
    page.mouse.move(box["x"] + 600, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, y, steps=5)
    page.mouse.up()
    assert view(page)[0] > 20e6
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 300, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 500, y, steps=5)
    page.mouse.up()
    page.keyboard.up("Shift")
    low, high = page.evaluate(f"[{LINE}.range.from, {LINE}.range.to]")
    assert "Range of" in page.locator(".timeline-detail").inner_text()
    page.locator("#timeline button", has_text="Zoom to range").click()
    shown = view(page)
    assert shown[0] < low < high < shown[1] and shown[1] - shown[0] == pytest.approx((high - low) * 1.1, rel=1e-6)


def test_click_tells_what_a_slice_is(page, recording):
    kernel = recording.table("kernels").iloc[0]
    origin = page.evaluate(f"{LINE}.origin")
    start = int(kernel["start_ns"]) - origin
    page.evaluate(f"{{ const line = {LINE}; line.show({start} - 20000, {start} + 60000); line.paint(); }}")
    place = page.evaluate(f"""(() => {{ const line = {LINE};
        const item = line.places.items.find((place) => place.lane && place.lane.label === 'stream 7');
        return [line.xAt({start} + {int(kernel["duration_ns"])} / 2), item.top + 8]; }})()""")
    box = page.locator(".timeline-lanes canvas").bounding_box()
    page.mouse.click(box["x"] + place[0], box["y"] + place[1])
    text = page.locator(".timeline-detail").inner_text()
    assert f"exactly {int(kernel['duration_ns'])} ns from {int(kernel['start_ns'])} ns" in text
    assert "grid 65536×1×1 · block 64×1×1" in text and "16 registers per thread" in text
    page.locator(".timeline-frame").focus()
    page.keyboard.press("Escape")
    assert "Drag to move" in page.locator(".timeline-detail").inner_text()


def test_search_counts_and_steps_through_matches(page, recording):
    search = page.locator("#timeline input[type=search]")
    search.fill("swish_vectorized")
    configurations = recording.table("launch_configurations")
    wanted = set(configurations.index[configurations["kernel"].astype(str).str.contains("swish_vectorized")])
    kernels = recording.table("kernels")
    starts = kernels[kernels["launch_configuration_id"].isin(wanted)]["start_ns"].tolist()
    assert page.locator("#timeline .count").inner_text() == f"{len(starts)} slices"
    page.evaluate(f"{LINE}.show(0, 1000)")
    origin = page.evaluate(f"{LINE}.origin")
    for expected in starts[:3]:
        search.press("Enter")
        assert page.evaluate(f"{LINE}.chosen.row.start[{LINE}.chosen.index]") == expected - origin
    search.press("Shift+Enter")
    chosen = f"{LINE}.chosen.row.start[{LINE}.chosen.index]"
    assert page.evaluate(chosen) == starts[1] - origin
    for _ in range(2):
        search.press("Shift+Enter")
    assert page.evaluate(chosen) == starts[-1] - origin
    search.press("Enter")
    assert page.evaluate(chosen) == starts[0] - origin


def test_search_scrolls_to_its_hit(page):
    """Lanes taller than their window: a hit in any lane, in a folded group too, is brought into view."""
    page.evaluate("document.querySelector('.timeline-lanes').style.maxHeight = '60px'")
    search = page.locator("#timeline input[type=search]")
    lanes = set()
    search.fill("swish")
    page.evaluate(f"for (const lane of {LINE}.lanes) {LINE}.closed.add(lane.group)")
    for _ in range(page.evaluate(f"{LINE}.lanes.reduce((sum, lane) => sum + lane.rows.length, 0)") * 4):
        search.press("Enter")
        lane, top, bottom, window_top, window_bottom = page.evaluate(f"""(() => {{
            const line = {LINE}, item = line.places.items.find((place) => place.lane === line.chosen.lane), node = line.lanesNode;
            return [line.chosen.lane.label, item.top, item.top + item.row, node.scrollTop, node.scrollTop + node.clientHeight]; }})()""")
        assert window_top <= bottom and top <= window_bottom, lane
        lanes.add(lane)
    assert len(lanes) > 1


def test_groups_fold(page):
    height = page.evaluate(f"{LINE}.places.height")
    box = page.locator(".timeline-lanes canvas").bounding_box()
    page.mouse.click(box["x"] + 20, box["y"] + 8)
    until(page, f"{LINE}.places.height < {height}")


def test_touch_moves_and_pinches(browser, path):
    with opened(browser, path, width=400, has_touch=True, is_mobile=True) as page:
        show(page)
        page.evaluate(f"{LINE}.show(20e6, 40e6)")
        box = page.locator(".timeline-lanes").bounding_box()
        session = page.context.new_cdp_session(page)

        def touch(kind, *places):
            session.send(
                "Input.dispatchTouchEvent",
                {"type": kind, "touchPoints": [{"x": box["x"] + x, "y": box["y"] + 30, "id": i} for i, x in enumerate(places)]},
            )

        touch("touchStart", 250)
        for x in (230, 200, 150):
            touch("touchMove", x)
        touch("touchEnd")
        moved = view(page)
        assert moved[0] > 20e6 and moved[1] - moved[0] == pytest.approx(20e6)
        touch("touchStart", 150, 200)
        for spread in (10, 30, 60):
            touch("touchMove", 150 - spread, 200 + spread)
        touch("touchEnd")
        zoomed = view(page)
        assert zoomed[1] - zoomed[0] < (moved[1] - moved[0]) * 0.7


def test_a_hundred_thousand_slices_are_drawn_from_shares(browser, tmp_path):
    frames = synthetic.sweep_frames()
    random = np.random.default_rng(1)
    count = 100_000
    kernels = frames["kernels"].iloc[:1].loc[lambda frame: frame.index.repeat(count)].reset_index(drop=True)
    length = random.integers(1_000, 9_000, count)
    frames["kernels"] = kernels.assign(
        start_ns=np.cumsum(length + 500),
        duration_ns=length,
        stream_id=7 + random.integers(0, 3, count),
        launch_configuration_id=random.integers(0, 40, count),
        correlation_id=np.arange(count) + 1,
    )
    path = render([synthetic.bare("big.sqlite", frames)], tmp_path / "big.html")
    with opened(browser, path) as page:
        show(page)
        assert page.evaluate(
            f"{LINE}.lanes.filter((lane) => lane.kind === 'gpu').reduce((sum, lane) => sum + lane.n, 0)"
        ) == count + len(frames["memcpys"])
        drawn = page.evaluate("Number(document.querySelector('.timeline-frame').dataset.drawn)")
        page.evaluate(f"{LINE}.show({LINE}.end * 0.5, {LINE}.end * 0.5 + 1e5)")
        until(page, f"document.querySelector('.timeline-frame').dataset.drawn > {drawn}")
