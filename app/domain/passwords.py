"""Which passwords are refused: short, endless, or among the first anybody would try.

No rules of composition: a sentence is a good password. Guessing is what counts, so a password is looked at the way a
guesser does: without capitals, accents, look-alike digits and what people add at the end.
"""

import re
from collections.abc import Iterable, Set

from app.domain.folding import fold
from app.errors import InvalidValue
from app.secrets import LONGEST_PASSWORD
from app.texts import _

# What the lists of leaked passwords begin with, in the languages of our customers, as words.
_WORDS = """
abc access acceso admin administrador administrator adobe amigo amistad amor angel asdf asdfgh asdfghjkl asesoria
atletico azerty baloncesto barcelona barca baseball batman bienvenido bienvenida bonita cambiame cambiar camaron
casa changeme charlie chocolate cliente clientes clave clavesecreta computer contrasena contrasenya contrasinal
corazon cristina daniel default demo donald dragon empresa entrar espana estrella facebook factura facturas familia
fernando flower football foobar freedom futbol google guest hello hola holahola hunter iloveyou intranet invitado
javier jessica jesus jordan juventus killer letmein login lovely loveyou madrid manager maria mariposa master
mercedes michael micontrasena miclave monica monkey mustang mypassword nothing oficina pass passpass passw password
passwort pepito perro pokemon princesa princess prueba pruebas qazwsx qazwsxedc qwer qwert qwerty qwertyuiop
realmadrid root secret secreta secreto seguridad sesamo shadow soccer starwars sunshine superman teamo temporal test
testing trabajo trustno uno usuario user valencia ventanilla verano welcome whatever zaq zxcv zxcvbn zxcvbnm
"""
FIRST_TRIED = frozenset(_WORDS.split())
ROWS = (
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)
LOOK_ALIKES = str.maketrans("@4310$57!|", "aaeiosstil")
FEWEST_DIFFERENT = 5
LONGEST_UNIT = 6


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
    if len(set(folded)) < FEWEST_DIFFERENT or _is_repeated(folded) or _is_run(folded):
        return True
    guessed = FIRST_TRIED | {part for word in words for part in _parts(word)}
    tail = re.search(r"[\W\d_]*$", folded)
    bare = folded[: tail.start()] if tail else folded
    return any(_is_made_of(form, guessed) for form in (folded, bare.translate(LOOK_ALIKES)))


def _parts(word: str) -> set[str]:
    """A name, whole and by its words; two letters would be found in anything."""
    folded = fold(word)
    pieces = {"".join(_words(folded)), "".join(_words(folded.partition("@")[0])), *_words(folded)}
    return {piece for piece in pieces if len(piece) >= 3}


def _is_made_of(folded: str, guessed: Set[str]) -> bool:
    """Nothing but guessable words, digits and signs: ``maria-madrid-2024``."""
    pieces = _words(folded)
    return bool(pieces) and ("".join(pieces) in guessed or all(piece in guessed for piece in pieces))


def _words(folded: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", folded)


def _is_repeated(folded: str) -> bool:
    unit = (folded + folded).find(folded, 1)
    return unit < len(folded) and unit <= LONGEST_UNIT


def _is_run(folded: str) -> bool:
    """A walk along the alphabet, the digits or the keyboard, forwards or backwards."""
    plain = re.sub(r"[\W_]", "", folded)
    return any(plain in row * 3 or plain[::-1] in row * 3 for row in ROWS)
