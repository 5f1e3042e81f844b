"""An HTML page as tests ask about it, by Python's own parser."""

from html.parser import HTMLParser
from pathlib import Path

FETCHED = {"src", "srcset", "poster", "data", "background"}
CHOSEN = {"input", "select", "textarea"}
VOID = {"meta", "link", "input", "br", "img", "hr"}


class Page(HTMLParser):
    """What a page holds, given as a file or as its text.

    Attributes:
        text: The file.
        words: What it shows, without markup, scripts and styles.
        tags: Every element's name, in order.
        ids: Every id.
        links: Where its links lead.
        resources: What a browser would fetch to show it.
        policy: Its content security policy.
        title, language: Of the document.
        kpis: KPI, raw value and shown text of every element with `data-kpi`.
        unlabelled: Inputs without a label.
    """

    def __init__(self, page: Path | str):
        super().__init__()
        self.text = page if isinstance(page, str) else page.read_text(encoding="utf-8")
        self.words = self.title = self.language = self.policy = ""
        self.tags, self.ids, self.links, self.resources = [], [], [], []
        self.kpis, self._open, self._inputs, self._labels = [], [], [], set()
        self.feed(self.text)
        self.unlabelled = [
            name
            for name, label, inside in self._inputs
            if not (label or inside or name in self._labels)
        ]

    def handle_starttag(self, tag: str, attrs: list) -> None:
        at = dict(attrs)
        self.tags.append(tag)
        if "id" in at:
            self.ids.append(at["id"])
        self.resources += [at[name] for name in FETCHED & set(at)]
        if tag == "link" and at["href"] != "data:,":
            self.resources.append(at["href"])
        if tag == "a":
            self.links.append(at["href"])
        if tag == "html":
            self.language = at.get("lang")
        if tag == "meta" and at.get("http-equiv") == "Content-Security-Policy":
            self.policy = at["content"]
        if tag == "label" and "for" in at:
            self._labels.add(at["for"])
        if tag in CHOSEN:
            inside = any(name == "label" for name, _ in self._open)
            self._inputs.append((at.get("id"), at.get("aria-label"), inside))
        kpi = None
        if "data-kpi" in at:
            kpi = [at["data-kpi"], at["data-value"], ""]
            self.kpis.append(kpi)
        if tag not in VOID:
            self._open.append((tag, kpi))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        names = [name for name, _ in self._open]
        if "title" in names:
            self.title += data
        elif not {"script", "style"} & set(names):
            self.words += data
            for _, kpi in self._open:
                if kpi:
                    kpi[2] += data
