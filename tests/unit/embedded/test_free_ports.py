"""A port that was given out is not given again, neither here nor by another process."""

import subprocess
import sys

import pytest

from backend.embedded import ports


def test_a_port_is_given_once(monkeypatch: pytest.MonkeyPatch) -> None:
    given = [ports.free_port() for _ in range(3)]
    assert len(set(given)) == 3
    offered = iter([given[0], given[0], given[1], 0])

    class Probe:
        def __enter__(self) -> "Probe":
            return self

        def __exit__(self, *_: object) -> None: ...

        def bind(self, _: object) -> None: ...

        def getsockname(self) -> tuple[str, int]:
            return "127.0.0.1", next(offered)

    monkeypatch.setattr(ports.socket, "socket", lambda *_: Probe())
    assert ports.free_port() == 0, "those given out before are passed over"


def test_another_process_is_not_given_it() -> None:
    port = ports.free_port()
    told = (
        "import fcntl, sys, pathlib, tempfile, os\n"
        "lock = (pathlib.Path(tempfile.gettempdir()) / f'premium-ports-{os.geteuid()}' / sys.argv[1]).open('a')\n"
        "fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
    )
    done = subprocess.run([sys.executable, "-c", told, str(port)], capture_output=True, check=False)
    assert done.returncode != 0 and b"BlockingIOError" in done.stderr
