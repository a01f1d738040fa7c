"""Writes log lines whole and at once; what cannot be written (a full disk) is counted, and said when there is room.

Whoever logs never fails and never waits for room: work goes on without a log. Python's own handler would keep part of
what it could not write in a buffer, cut lines in the middle, and say nothing of it.
"""

import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from backend.core.clock import now_seconds
from backend.core.telemetry import log_lines_lost


class LineHandler(logging.Handler):
    """Sends every record as one line to a stream (stderr unless said otherwise)."""

    def __init__(self, stream: Any = None) -> None:
        super().__init__()
        self._write = _writer(sys.stderr if stream is None else stream)
        self._torn = False
        self._lost = 0
        self._since = 0.0
        self._reason = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record, after how many were lost before it; or count it among them."""
        try:
            line = self.format(record)
            notice = self.format(self._notice()) if self._lost else None
        except Exception:
            self.handleError(record)
            return
        if notice is not None and self._put(notice):
            self._lost = 0
        if self._lost or not self._put(line):
            self._since = self._since if self._lost else now_seconds()
            self._lost += 1
            log_lines_lost.inc()

    def _notice(self) -> logging.LogRecord:
        since = datetime.fromtimestamp(self._since, UTC).isoformat(timespec="seconds")
        text = f"{self._lost} log lines were lost since {since}: {self._reason}"
        return logging.LogRecord(__name__, logging.ERROR, __file__, 0, text, None, None)

    def _put(self, line: str) -> bool:
        """Write a line whole; return False when there is no room. What was cut off before ends its line first."""
        left = ("\n" if self._torn else "").encode() + line.encode("utf-8", "backslashreplace") + b"\n"
        size = len(left)
        try:
            while left:
                written = self._write(left)
                if not written:
                    raise BlockingIOError("nobody reads it")
                left = left[written:]
        except (OSError, ValueError) as error:  # ValueError: the stream is closed
            self._torn = self._torn or len(left) < size
            self._reason = getattr(error, "strerror", None) or str(error)
            return False
        self._torn = False
        return True


def _writer(stream: Any) -> Callable[[bytes], int | None]:
    """Return what writes bytes to a text stream, past its buffers where it has some."""
    buffer = getattr(stream, "buffer", None)
    if buffer is not None:
        return getattr(buffer, "raw", buffer).write

    def write(data: bytes) -> int:
        stream.write(data.decode())
        return len(data)

    return write
