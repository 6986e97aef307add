"""The built site in a real browser: ``pytest -m site`` after ``sphinx-build``.

A page of our own shows pages of the site in frames of the width of a phone and of a
screen, looks into them, and sends what it has found.
"""

import json
import shutil
import subprocess
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

ROOT = Path(__file__).parents[1] / "doc/_build/html"
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
pytestmark = [
    pytest.mark.site,
    pytest.mark.skipif(BROWSER is None, reason="there is no Chromium"),
    pytest.mark.skipif(
        not (ROOT / "index.html").exists(), reason="doc/_build/html is not built"
    ),
]

THUMBNAILS = sorted((ROOT / "_images").glob("sphx_glr_plot_*_thumb.png"))
needs_pictures = pytest.mark.skipif(
    not THUMBNAILS, reason="the gallery was built without running its examples"
)

PAGES = [
    "index.html",
    "installation.html",
    "user_guide/halfnet.html",
    "user_guide/closed_form.html",
    "user_guide/intervals.html",
    "user_guide/choosing.html",
    "user_guide/benchmarks.html",
    "reference/index.html",
    "reference/generated/sklearn_halfnet.HalfLayerClassifier.html",
    "reference/generated/sklearn_halfnet.inspection.spectrum.truncation_curve.html",
    "auto_examples/index.html",
    "auto_examples/plot_pipeline_half_layer.html",
    "results/tables/report.html",
    "changelog.html",
]
WIDTHS = (400, 1280)

PROBE = """<!doctype html><body><script>
const wait = ms => new Promise(done => setTimeout(done, ms));
const clips = style => style.overflowX !== "visible" || style.position === "fixed";

// Elements that reach beyond the window, unless what holds them scrolls or hides them;
// that the theme lets the whole article scroll does not count.
function tooWide(view) {
  const found = [];
  for (const element of view.document.querySelectorAll("body *")) {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.right <= view.innerWidth + 1) continue;
    let held = false;
    for (let e = element; e && !e.matches("body, .bd-article-container");
         e = e.parentElement)
      if (clips(view.getComputedStyle(e)) &&
          (e === element ? view.getComputedStyle(e).position === "fixed"
                         : e.getBoundingClientRect().right <= view.innerWidth + 1))
        held = true;
    if (!held) found.push(element.outerHTML.slice(0, 100));
  }
  if (view.document.documentElement.scrollWidth > view.innerWidth + 1)
    found.push("the page");
  return found;
}

// What can be read and pressed in the header, as boxes.
function header(view) {
  const parts = view.document.querySelectorAll(
    ".bd-header .navbar-brand, .bd-header .nav-link, .bd-header button");
  return [...parts].map(part => [part, part.getBoundingClientRect()])
    .filter(([part, box]) => box.width > 0 && !part.closest("dialog"))
    .map(([part, box]) => ({
      name: part.textContent.trim() || part.getAttribute("aria-label"),
      left: box.left, right: box.right, top: box.top, bottom: box.bottom}));
}

// Equations that begin left of where they can be scrolled to.
function beheaded(view) {
  return [...view.document.querySelectorAll("div.math")].filter(box => {
    const left = box.getBoundingClientRect().left - box.scrollLeft - 1;
    return [...box.querySelectorAll("math *")]
      .some(part => part.getBoundingClientRect().left < left);
  }).map(box => box.textContent.slice(0, 60));
}

// Names of parameters that go over several lines.
function torn(view) {
  return [...view.document.querySelectorAll(".field-list dt > strong")].filter(name => {
    const range = view.document.createRange();
    range.selectNodeContents(name);
    return new Set([...range.getClientRects()].map(line => line.top)).size > 1;
  }).map(name => name.textContent);
}

// Code that is not seen whole.
function cut(view) {
  return [...view.document.querySelectorAll("article pre")]
    .filter(code => code.scrollWidth > code.clientWidth + 1)
    .map(code => code.textContent.slice(0, 60));
}

function prose(view) {
  const copy = view.document.querySelector("article").cloneNode(true);
  copy.querySelectorAll("pre, code, script, style").forEach(part => part.remove());
  return copy.textContent;
}

async function look(page, width) {
  const frame = document.createElement("iframe");
  frame.style = `width: ${width}px; height: 900px; border: 0`;
  frame.src = "/" + page;
  document.body.replaceChildren(frame);
  await new Promise(done => frame.onload = done);
  const view = frame.contentWindow;
  await view.document.fonts.ready;
  await wait(100);
  return {page, width, prose: prose(view), header: header(view),
    wide: tooWide(view), beheaded: beheaded(view), torn: torn(view), cut: cut(view),
    names: view.document.querySelectorAll(".field-list dt > strong").length,
    math: view.document.querySelectorAll("math").length,
    links: [...view.document.querySelectorAll("a")].map(a => a.getAttribute("href")),
    broken: [...view.document.images].filter(i => i.complete && !i.naturalWidth)
      .map(i => i.src),
    asked: view.performance.getEntriesByType("resource").map(each => each.name)};
}

async function search(words) {
  const frame = document.createElement("iframe");
  frame.src = "/search.html?q=" + encodeURIComponent(words);
  document.body.replaceChildren(frame);
  await new Promise(done => frame.onload = done);
  let found = [], before = -1;
  for (let i = 0; i < 60 && (found.length === 0 || found.length !== before); i++) {
    before = found.length;
    await wait(500);
    found = [...frame.contentDocument.querySelectorAll("ul.search li > a")]
      .map(a => a.getAttribute("href"));
  }
  return found;
}

(async () => {
  const asked = JSON.parse(decodeURIComponent(location.hash.slice(1)));
  const found = {looked: [], searched: {}};
  try {
    for (const width of asked.widths)
      for (const page of asked.pages) found.looked.push(await look(page, width));
    for (const words of asked.searches) found.searched[words] = await search(words);
  } catch (error) { found.error = String(error) + error.stack; }
  await fetch("/found", {method: "POST", body: JSON.stringify(found)});
})();
</script></body>"""


class Site(SimpleHTTPRequestHandler):
    """The folder of the site, the page that looks at it, and its report."""

    def __init__(self, *arguments, found, **options):
        self.found = found
        super().__init__(*arguments, **options)

    def do_GET(self):
        if self.path != "/probe":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(PROBE.encode())

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        self.found.put(json.loads(self.rfile.read(length)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What the browser has seen of all pages at both widths."""
    reports = Queue()
    handler = partial(Site, directory=ROOT, found=reports)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        asked = {"pages": PAGES, "widths": WIDTHS, "searches": ["early stopping"]}
        browser = subprocess.Popen(
            [
                BROWSER,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--window-size=1400,1000",
                f"--user-data-dir={tmp_path_factory.mktemp('browser')}",
                f"http://127.0.0.1:{server.server_port}/probe#{json.dumps(asked)}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            report = reports.get(timeout=180)
        finally:
            browser.terminate()
            browser.wait()
            server.shutdown()
    assert "error" not in report, report["error"]
    return report


@pytest.fixture(params=[(page, width) for width in WIDTHS for page in PAGES], ids=str)
def seen(request, found):
    """What it has seen of one page at one width."""
    page, width = request.param
    return next(
        each
        for each in found["looked"]
        if each["page"] == page and each["width"] == width
    )


def test_nothing_is_wider_than_the_window(seen):
    assert seen["wide"] == []


def test_nothing_overlaps_in_the_header(seen):
    parts = seen["header"]
    assert {"Search", "Color mode"} <= {part["name"].split("\n")[0] for part in parts}
    for i, one in enumerate(parts):
        assert one["left"] >= 0 and one["right"] <= seen["width"]
        for other in parts[i + 1 :]:
            apart = (
                one["right"] <= other["left"] + 1 or other["right"] <= one["left"] + 1
            )
            assert apart or one["bottom"] <= other["top"], (one, other)


def test_equations_are_drawn_without_a_script(seen):
    assert "\\[" not in seen["prose"] and "\\(" not in seen["prose"]
    assert "$$" not in seen["prose"]
    if seen["page"] == "user_guide/halfnet.html":
        assert seen["math"] >= 2


def test_equations_can_be_read_from_their_beginning(seen):
    assert seen["beheaded"] == []


def test_names_of_parameters_are_not_torn(seen):
    assert seen["torn"] == []
    if seen["page"].endswith("HalfLayerClassifier.html"):
        assert seen["names"] > 20


def test_a_screen_shows_the_whole_code_of_the_landing_page(found):
    page = next(
        each
        for each in found["looked"]
        if each["page"] == "index.html" and each["width"] == max(WIDTHS)
    )
    assert page["cut"] == []


def test_nothing_is_asked_of_another_host(seen):
    assert seen["asked"]
    for address in seen["asked"]:
        assert address.startswith(("http://127.0.0.1:", "data:")), address


def test_pictures_are_there(seen):
    assert seen["broken"] == []


def test_search_finds_the_guide(found):
    first = found["searched"]["early stopping"][:5]
    assert any("user_guide/half_layers.html" in address for address in first)


@pytest.mark.skipif(
    not (ROOT / "_images/sphx_glr_plot_pipeline_half_layer_001.png").exists(),
    reason="the gallery was built without running the example",
)
def test_representations_link_to_the_page_of_their_class(found):
    page = "auto_examples/plot_pipeline_half_layer.html"
    links = next(each["links"] for each in found["looked"] if each["page"] == page)
    target = "reference/generated/sklearn_halfnet.HalfLayerClassifier.html"
    assert f"../{target}" in links and (ROOT / target).exists()


def test_methods_have_their_parameters():
    name = "sklearn_halfnet.HalfLayerClassifier"
    text = (ROOT / f"reference/generated/{name}.html").read_text(encoding="utf-8")
    for method in ("fit", "partial_fit", "predict", "predict_proba", "score"):
        _, _, after = text.partition(f'id="{name}.{method}"')
        assert "Parameters" in after[:4000], method


def test_every_result_tells_how_it_was_made():
    reports = sorted((ROOT / "results").glob("*/report.html"))
    assert len(reports) >= 10
    for report in reports:
        text = report.read_text(encoding="utf-8")
        assert "How it was made" in text, report
        measured = ROOT.parents[1] / "results" / report.parent.name / "results.jsonl"
        assert ("Commit of the code: " in text) == measured.exists(), report


@needs_pictures
def test_thumbnails_show_something():
    image = pytest.importorskip("PIL.Image")
    for path in THUMBNAILS:
        # Empty axes are black lines and grey letters; what is drawn has colours.
        saturation = image.open(path).convert("HSV").getchannel("S").histogram()
        assert sum(saturation[64:]) > 0.005 * sum(saturation), path.name
