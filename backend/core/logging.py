"""JSON logs: one object a line, with request, user and process; secrets masked before they are written."""

import logging
import re
from typing import Any

import structlog

from backend.core.log_lines import LineHandler

_SECRET_KEY = re.compile(r"password|secret|token|cookie|authorization|api_?key|private", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(?<=://)([^:/@\s]*):([^@/\s]+)@")
_KEY_IN_PATH = re.compile(r"(https?://[^\s'\"]*?/(?:v\d/)?)([A-Za-z0-9_-]{24,})")


def mask_text(text: str) -> str:
    """Return text with passwords in URLs and long keys in URL paths replaced by `***`."""
    return _KEY_IN_PATH.sub(r"\1***", _URL_PASSWORD.sub(r"\1:***@", text))


def _mask(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    for key, value in event.items():
        if _SECRET_KEY.search(key) and value:
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = mask_text(value)
    return event


def configure_logging(process: str, level: str = "INFO") -> None:
    """Send structlog and the standard library's logging to stderr as JSON lines, naming this process."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _mask,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = LineHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    structlog.contextvars.bind_contextvars(process=process)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the structured logger of a module."""
    return structlog.stdlib.get_logger(name)
