"""How the command is called: `bin/booking` in a checkout, `booking` where it is installed."""

from __future__ import annotations

import os


def command(line: str = "") -> str:
    """That line of the command, as it can be typed where this process was started."""
    return f"{os.environ.get('BOOKING_COMMAND', 'booking')} {line}".rstrip()
