"""The customers' portal: every company's intranet under ``/in/{slug}``."""

from starlette.routing import BaseRoute

from app.portal import (
    choice,
    document,
    documents,
    look,
    nowhere,
    own_password,
    password_links,
    preview,
    profile,
    resuming,
    sign_in,
    summary,
)

# The busiest first; ``nowhere`` takes every other address below /in and must come last.
routes: list[BaseRoute] = [
    *document.routes,
    *documents.routes,
    *summary.routes,
    *sign_in.routes,
    *resuming.routes,
    *password_links.routes,
    *choice.routes,
    *own_password.routes,
    *profile.routes,
    *look.routes,
    *preview.routes,
    *nowhere.routes,
]

__all__ = ["routes"]
