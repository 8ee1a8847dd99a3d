"""Clean HTML of a mail as text, for who reads no HTML."""

import re
from html.parser import HTMLParser

_PARAGRAPHS, _LINES = ("p", "blockquote", "table"), ("div", "tr")
# Stand for spaces at the beginning of a line and between cells, which would be taken for spaces of the source.
_INDENT, _GAP = "\x1f", "\x1e"
_MARK = re.compile(rf"{_INDENT}*(-|\d+\.) ?")


def as_text(html: str) -> str:
    """Paragraphs apart, lists with their marks, links with their address, pictures by what they show."""
    reading = _Reading()
    reading.feed(html)
    reading.close()
    text = re.sub(r"[ \t]*\n[ \t]*", "\n", reading.written)
    text = re.sub(rf" *{_GAP} *(?=\n|\Z)", "", text)
    return re.sub(rf" *{_GAP} *", "  ", text).replace(_INDENT, "  ").strip()


class _Reading(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.written = ""
        self._lists: list[int | None] = []
        self._link, self._words = "", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "br":
            self.written += "\n"
        elif tag in ("ul", "ol"):
            self._end_paragraph()
            self._lists.append(int(found.get("start") or 1) if tag == "ol" else None)
        elif tag == "li":
            self._begin_item()
        elif tag == "a":
            self._link, self._words = found.get("href") or "", len(self.written)
        elif tag == "img" and found.get("alt"):
            self.written += f"[{found['alt']}]"
        elif tag in _PARAGRAPHS:
            self._end_paragraph()
        elif tag in _LINES:
            self._end(1)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
            self._end_paragraph()
        elif tag == "td":
            self.written += _GAP
        elif tag == "a":
            self._end_link()
        elif tag in _PARAGRAPHS:
            self._end_paragraph()
        elif tag == "li":
            self._end_item()
        elif tag in _LINES:
            self._end(1)

    def handle_data(self, data: str) -> None:
        self.written += re.sub(r"[ \t\r\n]+", " ", data)

    def _end_paragraph(self) -> None:
        self._end(1 if self._lists else 2)

    def _end(self, lines: int) -> None:
        """End the line, or the paragraph, unless it has ended already. What follows an item's mark stays beside it."""
        if self.written and not self._is_bare:
            self.written = self.written.rstrip(" ")
            missing = lines - (len(self.written) - len(self.written.rstrip("\n")))
            self.written += "\n" * max(missing, 0)

    @property
    def _is_bare(self) -> bool:
        """The last line is an item's mark alone."""
        return bool(self._lists) and _MARK.fullmatch(self.written.rpartition("\n")[2]) is not None

    def _begin_item(self) -> None:
        self._end_item()
        mark = "-"
        if self._lists and (number := self._lists[-1]) is not None:
            mark, self._lists[-1] = f"{number}.", number + 1
        self.written += f"{_INDENT * max(len(self._lists) - 1, 0)}{mark} "

    def _end_item(self) -> None:
        """Also one that says nothing."""
        text = self.written.rstrip(" ")
        self.written = text if not text or text.endswith("\n") else f"{text}\n"

    def _end_link(self) -> None:
        address = self._link.removeprefix("mailto:").removeprefix("tel:")
        words = self.written[self._words :].strip()
        is_said = words in (address, address.partition("://")[2].rstrip("/"))
        if address and not is_said:
            self.written += f" ({address})" if words else address
        self._link = ""
