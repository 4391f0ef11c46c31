#!/bin/sh
# Makes the virtual environment $1 with the first Python that will do, or says what is missing.
set -eu

fits='import sys; sys.exit(sys.version_info < (3, 11))'
unfinished=
for python in ${PYTHON:-} python3 python3.11 python3.12 python3.13 python3.14 python; do
    "$python" -c "$fits" >/dev/null 2>&1 || continue
    if "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        exec "$python" -m venv --clear "$1"
    fi
    unfinished=${unfinished:-$python}
done

if [ -n "$unfinished" ]; then
    version=$("$unfinished" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "$unfinished (Python $version) has no venv module." >&2
    echo "On Debian or Ubuntu: apt-get update && apt-get install python$version-venv" >&2
else
    echo "Python 3.11 or newer is needed; none was found on the PATH." >&2
    echo "On Debian or Ubuntu: apt-get update && apt-get install python3 python3-venv" >&2
    echo "One in another place: make PYTHON=/path/to/python3 ..." >&2
fi
exit 1
