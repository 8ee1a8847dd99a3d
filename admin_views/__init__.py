"""The back office. ``VIEWS`` is the menu, in its order; ``make_admin`` puts it behind ``/admin``."""

from starlette.applications import Starlette

from admin_views.invoice import InvoiceAdmin
from admin_views.office import Office
from app.installation import Installation

VIEWS = [InvoiceAdmin]


def make_admin(app: Starlette, installation: Installation) -> Office:
    """Mount the back office of an installation on an application."""
    office = Office(app, installation.database)
    for view in VIEWS:
        office.add_view(view)
    return office
