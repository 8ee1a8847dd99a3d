"""Logging: one JSON object per line and event, without secrets."""

import datetime as dt
import json
import logging
import logging.config
import re

_HIDDEN = "••••"
# Tokens in addresses, keys and passwords wherever they are named, bearer keys, accounts.
_SECRETS = (
    re.compile(r"(?:(?<=/activar/)|(?<=/alta/)|(?<=/d/)|(?<=/clave/)|(?<=/ver/))[\w-]{8,}"),
    re.compile(
        r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
        r"|(?:(?<=pass=)|(?<=password=)|(?<=token=)|(?<=csrf=)|(?<=key=)|(?<=secret=)|(?<=clave=))[^\s&;,'\"]+",
        re.IGNORECASE,
    ),
    re.compile(r"(?<=Bearer )\S+|(?<=Basic )\S+|(?<=[Cc]ookie: )[^\r\n]+|\b(?:vk|whsec)_\w+"),
    re.compile(r"\b[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){4,7}\b"),
)
_TOLD_ALREADY = "Exception in ASGI application"
_OURS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


def redact(text: str) -> str:
    for secret in _SECRETS:
        text = secret.sub(_HIDDEN, text)
    return text


class JsonLines(logging.Formatter):
    """A record as one line of JSON; what ``extra`` added comes along. JSON escapes every line break."""

    def format(self, record: logging.LogRecord) -> str:
        event = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "says": record.getMessage(),
            **{name: str(value) for name, value in vars(record).items() if name not in _OURS},
        }
        if record.exc_info:
            event["trace"] = self.formatException(record.exc_info)
        return json.dumps({name: redact(text) for name, text in event.items()}, ensure_ascii=True)


class NotToldYet(logging.Filter):
    """The application reports its own errors, with their code; the server would report each again."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith(_TOLD_ALREADY)


def logging_for(level: str) -> dict[str, object]:
    """The configuration of every process; the server's own chatter only from warnings on."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLines}},
        "filters": {"not_told_yet": {"()": NotToldYet}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["not_told_yet"]}},
        "root": {"level": level.upper(), "handlers": ["stderr"]},
        "loggers": {
            "uvicorn": {"level": "WARNING"},
            "uvicorn.error": {"level": "WARNING"},
            "alembic": {"level": "WARNING"},
        },
    }


def start_logging(level: str) -> None:
    logging.config.dictConfig(logging_for(level))
