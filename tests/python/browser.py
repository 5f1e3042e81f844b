"""A real browser, where there is one: Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

# Paints what lies behind each text, then the text, and compares the two as WCAG does.
CONTRAST = """() => {
  const canvas = document.createElement("canvas"); canvas.width = canvas.height = 1;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const colour = (layers) => {
    pen.clearRect(0, 0, 1, 1);
    for (const layer of layers) { pen.fillStyle = layer; pen.fillRect(0, 0, 1, 1); }
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (it) => {
    const style = getComputedStyle(it), layers = [style.backgroundColor];
    // The bars of cells and funnels are gradients of one colour.
    if (style.backgroundImage !== "none") layers.push(style.getPropertyValue("--bar"));
    return it.parentElement ? [...behind(it.parentElement), ...layers] : layers;
  };
  const weak = new Set();
  for (const it of document.querySelectorAll("body *")) {
    const own = [...it.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !it.checkVisibility() || it.closest("svg, script, option, .sr, .skip"))
      continue;
    const back = behind(it), ink = getComputedStyle(it).color;
    const pair = [light(colour(back)), light(colour([...back, ink]))].sort();
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (ratio < 4.5)
      weak.add(`${ratio.toFixed(2)} <${it.tagName} ${it.className}> ${it.textContent}`);
  }
  return [...weak].map((text) => text.slice(0, 90));
}"""
NAMELESS = """() => [...document.querySelectorAll("a, button, select, input, summary,"
  + "[role=img], [role=region], [role=group]")].filter((it) => it.checkVisibility()
  && !(it.getAttribute("aria-label") || it.textContent.trim() || it.labels?.length))
  .map((it) => it.outerHTML.slice(0, 90))"""


# Tables whose rows become boxes on a phone: nothing of them lies beside the screen.
BESIDE = """() => [...document.querySelectorAll(".scroll")].filter((it) =>
  it.checkVisibility() && it.querySelector(".stack")
  && it.scrollWidth > it.clientWidth + 1).map((it) => it.getAttribute("aria-label"))"""


@contextmanager
def browser() -> Iterator:
    """A running Chromium; skips the test where there is none."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no Playwright: pip install playwright"
    )
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip("no browser: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield chromium
        finally:
            chromium.close()


def faults(chromium, path: Path | str, width: int, scheme: str) -> list[str]:
    """What a reader of a page would stumble over, each with page, width and scheme.

    Args:
        chromium: A browser of `browser()`.
        path: The page's file, or its address at a server.
        width: The window's width in pixels.
        scheme: light or dark.

    Returns:
        Words in the console, requests, sideways scrolling (on a phone of tables of
        many columns, too), weak contrast, things to press that have no name.
    """
    page = chromium.new_page(
        viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    found = []
    page.on("console", lambda said: found.append(f"console: {said.text}"))
    page.on("pageerror", lambda error: found.append(f"error: {error}"))
    page.on("request", lambda asked: found.append(f"request: {asked.url}"))
    address = path if isinstance(path, str) else path.as_uri()
    page.goto(address)
    found.remove(f"request: {address}")
    over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if over > 0:
        found.append(f"{over} px too wide")
    found += [f"contrast {text}" for text in page.evaluate(CONTRAST)]
    found += [f"no name: {html}" for html in page.evaluate(NAMELESS)]
    if width < 400:
        found += [f"beside the screen: {name}" for name in page.evaluate(BESIDE)]
    page.close()
    name = address.rpartition("/")[2]
    return [f"{name} at {width} px, {scheme}: {fault}" for fault in found]
