"""The browser of the rig: sizes, schemes, and what a page may not do behind a test's back."""

import asyncio
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from tests.rig.browser import Visits

SCHEME = "[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches, navigator.language]"


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, False), (390, True)])
def test_pages_come_in_sizes_and_schemes(open_page: Callable[..., Page], width: int, dark: bool) -> None:
    page = open_page(width=width, dark=dark)

    page.set_content("<meta name=viewport content='width=device-width'><p>Hola</p>")

    assert page.evaluate(SCHEME) == [width, dark, "es-ES"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<script>nada()</script>", "nada is not defined"),
        ("<img src='https://elsewhere.example/x.png'>", "elsewhere.example"),
        (
            "<meta http-equiv=Content-Security-Policy content=\"style-src 'self'\"><p style='color:red'>",
            "Content Security Policy",
        ),
    ],
)
def test_what_goes_wrong_behind_a_test_is_told(
    browser_page: Page, chromium: tuple[Browser, asyncio.AbstractEventLoop], content: str, said: str
) -> None:
    visits = Visits(chromium[0])
    page = visits.open_page()

    page.set_content(content)
    page.evaluate("1 + 1")

    assert [said in sentence for sentence in visits.wrong] == [True]
    visits.close()


def test_other_tests_may_run_loops_of_their_own(chromium: tuple[Browser, asyncio.AbstractEventLoop]) -> None:
    assert asyncio.run(asyncio.sleep(0, result="done")) == "done"
