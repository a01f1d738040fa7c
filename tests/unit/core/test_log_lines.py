"""A log without room: whoever logs goes on, nothing is cut without a sign, and the gap is told of afterwards."""

import io
import json
import logging
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from backend.core.log_lines import LineHandler
from backend.core.logging import configure_logging
from backend.core.telemetry import log_lines_lost


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    configure_logging("test")
    yield logging.getLogger("backend.test")
    root.handlers[:], root.level = before[0], before[1]


def lost() -> float:
    return log_lines_lost._value.get()


def to_stream(stream: object) -> LineHandler:
    """Send the root's records to this stream, formatted as always."""
    root = logging.getLogger()
    handler = LineHandler(stream)
    handler.setFormatter(root.handlers[0].formatter)
    root.handlers[:] = [handler]
    return handler


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_no_error_of_whoever_logs(log: logging.Logger, capfd: pytest.CaptureFixture[str]) -> None:
    before = lost()
    with Path("/dev/full").open("w") as full:
        to_stream(full)
        log.info("one")
        structlog.stdlib.get_logger("backend.test").error("two", exc_info=ValueError("x"))
        assert lost() - before == 2
    assert capfd.readouterr().err == "", "nothing is said elsewhere"


def test_the_gap_is_told_of_and_a_cut_line_is_ended(log: logging.Logger, tmp_path: Path) -> None:
    path, before = tmp_path / "log", lost()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with path.open("a") as file:
        to_stream(file)
        log.info("before")
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, hard))
            for number in range(5):
                log.info("lost %s", number)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        log.info("after")
    lines = path.read_text().splitlines()
    assert lost() - before == 5
    assert json.loads(lines[0])["event"] == "before"
    with pytest.raises(json.JSONDecodeError):
        json.loads(lines[1])  # the ten bytes that there was room for
    notice, after = json.loads(lines[2]), json.loads(lines[3])
    assert notice["event"].startswith("5 log lines were lost since 20") and notice["level"] == "error"
    assert os.strerror(27) in notice["event"] and after["event"] == "after" and len(lines) == 4


def test_any_text_stream_will_do(log: logging.Logger) -> None:
    stream = io.StringIO()
    to_stream(stream)
    log.info("größer \ud800")
    assert json.loads(stream.getvalue())["event"].startswith("größer")
