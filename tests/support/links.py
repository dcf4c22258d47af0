"""Links of a document: where each leads, with the heading behind ``#``."""

import re
from pathlib import Path

_LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")
_NAMED = re.compile(r'<a id="([^"]+)">')
_FENCED = re.compile(r"^ *(```|~~~).*?^ *\1 *$", re.M | re.S)


def anchors(page: Path) -> set[str]:
    """What may stand behind ``#`` in a link to a page: named places, and headings as GitHub writes them."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    found: dict[str, int] = {}
    for heading in re.findall(r"^#+ +(.+?) *$", text, re.M):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
    headings = {f"{slug}-{n}" if n else slug for slug, most in found.items() for n in range(most + 1)}
    return headings | set(_NAMED.findall(text))


def dead_links(page: Path) -> list[str]:
    """Links of a page whose file or heading is not there, as ``page → target``."""
    dead = []
    for target, anchor in _LINK.findall(_FENCED.sub("", page.read_text(encoding="utf-8"))):
        file = page.parent / target if target else page
        is_page = file.suffix == ".md"
        if not file.exists() or (anchor and is_page and anchor not in anchors(file)):
            dead.append(f"{page.name} → {target}{'#' * bool(anchor)}{anchor}")
    return dead
