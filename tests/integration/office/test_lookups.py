"""Looking something up while typing: who offers it, and that nobody else breaks on being asked."""

from admin_views import VIEWS
from admin_views.base import OfficeView

OFFER_IT = {"customer", "supplier", "product", "batch"}


def test_only_screens_that_offer_it_look_anything_up(desk):
    screens = [view.identity for view in VIEWS if issubclass(view, OfficeView)]

    answers = {screen: desk.get(f"{screen}/ajax/lookup", term="x").status_code for screen in screens}

    assert answers == {screen: 200 if screen in OFFER_IT else 404 for screen in screens}
