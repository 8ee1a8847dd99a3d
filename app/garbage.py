"""When Python looks for garbage: not while everything is imported and built, and never again among that."""

import gc

OFTEN, SELDOM, SELDOMER = 50_000, 20, 50


def begin_collecting() -> None:
    """Collect from now on, if nobody does yet; what there is by now stays, and is not looked at again."""
    if gc.isenabled():
        return
    gc.freeze()
    gc.set_threshold(OFTEN, SELDOM, SELDOMER)
    gc.enable()
