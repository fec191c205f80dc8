"""Lists links between the pages of a folder that lead nowhere, and ends with an error if there are any.

    python .ci/broken_links.py FOLDER

MkDocs looks at the links of its own pages; those in notebooks and from the reference are only seen here.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Links(HTMLParser):
    """Collects where a page links to, and the anchors that it has."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one tag."""
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value:
                self.targets.append(value)


site = Path(sys.argv[1]).resolve()
pages = {page: Links(page) for page in site.rglob("*.html") if page.name != "404.html"}
broken = []
for page, links in pages.items():
    for target in links.targets:
        url = urlsplit(target)
        if url.scheme or url.netloc:
            continue
        file = (page.parent / unquote(url.path)).resolve() if url.path else page
        file = file / "index.html" if file.is_dir() else file
        if not file.is_file() or (url.fragment and file in pages and url.fragment not in pages[file].anchors):
            broken.append(f"{page.relative_to(site)}: {target}")

print(f"{len(pages)} pages, {sum(len(links.targets) for links in pages.values()):,} links")
if broken or not pages:
    sys.exit("\n".join(["expected pages without broken links", *sorted(set(broken))]))
