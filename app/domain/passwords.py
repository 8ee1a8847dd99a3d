"""Which passwords are refused: short, endless, or soon guessed.

No rules of composition: a sentence is a good password. Guessing is what counts, so a password is looked at the way a
guesser does: lists of leaked passwords, names and words, the person's own and the company's among them, with what
people add to them: years, runs of the keyboard, digits that look like letters.
"""

import re
from collections.abc import Iterable
from threading import Lock

from app.domain.first_tried import FIRST_TRIED
from app.domain.folding import fold
from app.errors import InvalidValue
from app.secrets import LONGEST_PASSWORD
from app.texts import _

FEWEST_GUESSES = 10**9
# A word or two that a guesser soon has are no secret, whatever digits and signs stand around them.
FEW_WORDS, RARE_WORD = 2, 10**5
# Judging takes time with the square of the length, and a secret that begins well is one.
MOST_JUDGED = 64
# Signs that stand for the same letter as a digit does: trying all of them in every combination would take seconds.
KINDRED_SIGNS = str.maketrans("@[{<!|$+", "4(((1157")

_judging = Lock()


def check_password(password: str, field: str, *, least: int, words: Iterable[str] = ()) -> str:
    """``password`` as given, or ``InvalidValue``. ``words`` are the person's own: company, name, e-mail, address."""
    if len(password) < least:
        raise InvalidValue(_("Use al menos %(n)s caracteres.") % {"n": least}, field=field)
    if len(password) > LONGEST_PASSWORD:
        raise InvalidValue(_("Como mucho %(n)s caracteres.") % {"n": LONGEST_PASSWORD}, field=field)
    if "\x00" in password:
        raise InvalidValue(_("Hay caracteres de control que no se pueden usar."), field=field)
    if _is_guessable(password, words):
        raise InvalidValue(
            _("Esa contraseña es de las primeras que alguien probaría. Elija otra: una frase suya sirve."), field=field
        )
    return password


def _is_guessable(password: str, words: Iterable[str]) -> bool:
    folded = fold(password)
    own = {part for word in words for part in _parts(word)}
    if not folded or "".join(_words(folded)) in own:
        return True
    folded, known = folded.translate(KINDRED_SIGNS), [*sorted(own), *FIRST_TRIED]
    if _guesses(folded, known) < FEWEST_GUESSES:
        return True
    bare = _words(folded)
    return 0 < len(bare) <= FEW_WORDS and all(_guesses(word, known) < RARE_WORD for word in bare)


def _guesses(folded: str, known: list[str]) -> int:
    """After how many tries at the most a guesser has it, who tries ``known`` words first."""
    from zxcvbn import zxcvbn

    with _judging:  # it keeps the words it is given where every thread finds them
        return int(zxcvbn(folded[:MOST_JUDGED], user_inputs=known)["guesses"])


def _parts(word: str) -> set[str]:
    """A name, whole and by its words; two letters would be found in anything."""
    folded = fold(word)
    pieces = {"".join(_words(folded)), "".join(_words(folded.partition("@")[0])), *_words(folded)}
    return {piece for piece in pieces if len(piece) >= 3}


def _words(folded: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", folded)
