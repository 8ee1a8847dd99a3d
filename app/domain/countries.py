"""Countries by their Spanish names, Spain first."""

from functools import lru_cache

from babel import Locale


@lru_cache
def countries() -> dict[str, str]:
    """ISO code and name. What is no country (regions, unions) has no two letters."""
    names = Locale.parse("es").territories
    known = {code: name for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in _NONE}
    ordered = dict(sorted(known.items(), key=lambda pair: _plain(pair[1])))
    return {"ES": known["ES"], **{code: name for code, name in ordered.items() if code != "ES"}}


_NONE = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}


def _plain(name: str) -> str:
    return name.translate(str.maketrans("ÁÉÍÓÚáéíóú", "AEIOUaeiou")).lower()
