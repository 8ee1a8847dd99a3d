"""What the forms of a page would post, several values of a name and long texts among them."""

from html.parser import HTMLParser
from typing import Any

OF_THE_DESK = ("csrf", "company", "buscar")


class Fields(HTMLParser):
    """What the form of a page would post as it stands, several of a name among them."""

    def __init__(self, page: Any) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self._area = self._select = ""
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        name = has.get("name") or ""
        if tag == "textarea":
            self._area = name
            self.found[name] = [""]
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in has or self._select not in self.found):
            self.found[self._select] = [has.get("value") or ""]
        elif tag == "input" and name and (has.get("type") not in ("radio", "checkbox", "file") or "checked" in has):
            self.found.setdefault(name, []).append(has.get("value") or "")

    def handle_data(self, data: str) -> None:
        if self._area:
            self.found[self._area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.found[self._area] = [self.found[self._area][0].removeprefix("\n")]
            self._area = ""
        elif tag == "select":
            self._select = ""


def form_of(page: Any, **changes: str | list[str]) -> dict[str, list[str]]:
    """The dialogue as it would be posted, with some of it typed over."""
    found = {name: values for name, values in Fields(page).found.items() if name not in OF_THE_DESK}
    return found | {name: value if isinstance(value, list) else [value] for name, value in changes.items()}
