#!/bin/sh
# Prints a Python that the pinned packages run on, 3.11 to 3.14: the one named as $1, else the first one on PATH.
set -u

suits() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1
}

version() {
    if command -v "$1" >/dev/null 2>&1; then
        "$1" -c 'import sys; print("%s is Python %d.%d.%d" % ((sys.argv[1],) + tuple(sys.version_info[:3])))' "$1" 2>/dev/null ||
            echo "$1 does not run"
    else
        echo "$1 is not on PATH"
    fi
}

if [ -n "${1:-}" ]; then
    candidates=$1
else
    candidates='python3 python3.14 python3.13 python3.12 python3.11 python'
fi
for candidate in $candidates; do
    if suits "$candidate"; then
        command -v "$candidate"
        exit 0
    fi
done
{
    echo "setup: Python 3.11, 3.12, 3.13 or 3.14 is needed, and $(version "${1:-python3}")."
    echo "setup: install one of them, or name it: make setup PYTHON=python3.12"
} >&2
exit 1
