"""Every port in memory: for tests, for examples, and to try things out.

They keep the promises of the ports (the contract suites run on them) and forget everything when
the process ends. Nothing here sleeps, waits for a network, or has a clock of its own. The
package imports `booking_core` and itself only, because the core's wheel carries a copy of it as
`booking_core.testing.memory`.
"""

from .calendar import MemoryCalendar
from .clock import MemoryClock
from .factories import build_calendar, build_mailer, build_payments, build_store
from .faults import Fault
from .ids import MemoryIds
from .mailer import MemoryMailer
from .payments import MemoryPayments
from .store import MemoryStore

__all__ = [
    "Fault",
    "MemoryCalendar",
    "MemoryClock",
    "MemoryIds",
    "MemoryMailer",
    "MemoryPayments",
    "MemoryStore",
    "build_calendar",
    "build_mailer",
    "build_payments",
    "build_store",
]
