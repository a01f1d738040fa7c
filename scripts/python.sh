#!/bin/sh
# Runs a script with the newest Python (3.11 or later) found on this machine: scripts/python.sh SCRIPT [ARGUMENT…]
# PYTHON=/path/to/python chooses one.
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        exec "$candidate" "$@"
    fi
done
echo "Python 3.11 or later is needed and was not found${PYTHON:+ as $PYTHON}." >&2
echo "  Debian/Ubuntu: apt-get install python3 python3-venv      macOS: brew install python" >&2
exit 1
