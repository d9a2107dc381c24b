"""The page as a document: self-contained, escaped, every panel there with its source or its reason."""

import json
import re
from html.parser import HTMLParser

import pytest
import synthetic

from profiler.errors import CaptureError, UsageError
from profiler.report.assets import PLOTLY, SCRIPTS, STYLES, read_asset, script_hash
from profiler.report.page import render
from profiler.report.panels import PANELS

LIMIT_BYTES = 2_600_000


class Document(HTMLParser):
    """Elements, attributes and script contents of a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.scripts, self.data, self.text, self._script = [], [], {}, [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag == "script":
            self._script = dict(attributes)

    def handle_endtag(self, tag):
        if tag == "script":
            self._script = None

    def handle_data(self, data):
        if self._script is None:
            self.text.append(data)
        elif self._script.get("type") == "application/json":
            self.data[self._script["id"]] = data
        else:
            self.scripts.append(data)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    recordings = {
        "everything": [synthetic.everything()],
        "hostile": [synthetic.hostile()],
        "silent": [synthetic.silent()],
        "two": [synthetic.recording("base"), synthetic.recording("candidate", slower=1.05, seed=5)],
    }
    return {name: render(items, folder / "sub" / f"{name}.html").read_text(encoding="utf-8") for name, items in recordings.items()}


@pytest.fixture(params=["everything", "hostile", "silent", "two"])
def document(pages, request):
    return Document(pages[request.param])


def test_no_element_refers_to_another_file_or_host(document):
    for tag, attributes in document.elements:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:,")), (tag, value)
    assert "url(" not in "".join(read_asset(name) for name in STYLES)


def test_policy_allows_exactly_the_scripts_of_the_page(document):
    policy = next(
        attributes["content"] for tag, attributes in document.elements if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'")
    assert re.findall(r"'sha256-[^']+'", policy) == [script_hash(script) for script in document.scripts]
    assert "unsafe-eval" not in policy and "http" not in policy


def test_data_is_json_and_plotly_is_there_once(document):
    for text in document.data.values():
        assert "<" not in text
        json.loads(text)
    assert len(document.scripts) == 1 + len(SCRIPTS)
    assert document.scripts.count(read_asset(PLOTLY)) == 1


def test_every_panel_is_there_and_names_its_source(document):
    ids = [attributes.get("id") for tag, attributes in document.elements if tag == "section"]
    filled = [name for name in ids if name != "without-data"]
    assert filled == [panel.id for panel in PANELS if panel.id in filled]
    absent = [attributes["id"] for tag, attributes in document.elements if tag == "b" and "id" in attributes]
    assert sorted(filled + absent) == sorted(panel.id for panel in PANELS)
    assert bool(absent) == ("without-data" in ids)
    assert "".join(document.text).count("Source:") == len(filled)


def test_every_block_has_its_data_and_ids_are_unique(document):
    blocks = [f"data-{attributes['data-block']}" for _, attributes in document.elements if "data-block" in attributes]
    assert blocks and {*blocks, "data-units"} == set(document.data)
    ids = [attributes["id"] for _, attributes in document.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_hostile_names_make_no_element(pages):
    assert "<img" not in pages["hostile"].replace(read_asset(PLOTLY), "")
    tags = {tag for tag, _ in Document(pages["hostile"]).elements}
    assert tags == tags & {tag for tag, _ in Document(pages["everything"]).elements}


def test_a_silent_capture_says_why_once(pages):
    document = Document(pages["silent"])
    text = " ".join("".join(document.text).split())
    assert text.count("No data for") == 1
    assert "Kernels, Memory operations" in text and ": no GPU work was recorded" in text
    ids = [attributes.get("id") for tag, attributes in document.elements if tag == "section"]
    assert ids == ["findings", "provenance", "without-data"]  # these two always have something to say
    assert "the synthetic nsys capture holds no kernels" in text


def test_a_version_that_a_tool_does_not_know_is_left_out(tmp_path):
    recording = synthetic.recording()
    assert "<dt>Driver</dt>" in render([recording], tmp_path / "p.html").read_text(encoding="utf-8")
    recording.run.manifest.environment["driver"] = "0"
    assert "<dt>Driver</dt>" not in render([recording], tmp_path / "p.html").read_text(encoding="utf-8")


def test_size_of_a_small_page(pages):
    assert {name: len(page) for name, page in pages.items() if len(page) > LIMIT_BYTES} == {}


def test_assets_hold_nothing_that_ends_a_script():
    for name in (PLOTLY, *SCRIPTS):
        text = read_asset(name)
        assert "</script" not in text.lower() and "<!--" not in text and "\r" not in text


def test_failed_run_and_notes_stand_in_the_head(tmp_path):
    recording = synthetic.recording()
    recording.run.manifest.status, recording.run.manifest.reason = "failed", "the target ended with signal 11"
    text = "".join(Document(render([recording], tmp_path / "p.html").read_text(encoding="utf-8")).text)
    assert "failed" in text and "the target ended with signal 11" in text and "3 API calls were skipped" in text


def test_bad_requests_are_named(tmp_path):
    with pytest.raises(UsageError, match="at least one"):
        render([], tmp_path / "p.html")
    (tmp_path / "file").write_text("")
    with pytest.raises(CaptureError, match="file"):
        render([synthetic.silent()], tmp_path / "file" / "p.html")
