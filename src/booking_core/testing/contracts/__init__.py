"""What every implementation of a port must keep, as pytest classes to subclass.

    class TestMyClaims(SlotClaimsContract):
        @pytest.fixture
        def unit_of_work(self) -> UnitOfWorkFactory:
            return MyStore(an_empty_database)

A subclass gives the fixtures that its contract names. The tests look at what a user of the port
notices and at nothing else, so they hold for a store in memory and for a database alike.
"""

import pytest

# Before the modules are imported, or a failing assertion would not say what it compared.
for _module in (
    "accounts",
    "bookings",
    "calendar",
    "calendar_bindings",
    "calendar_files",
    "catalogue",
    "claims",
    "credentials",
    "identity",
    "ids",
    "inbox",
    "job_queue",
    "mail_writer",
    "mailer",
    "openings",
    "outbox",
    "payment_notices",
    "payments",
    "proofs",
    "stored",
    "threads",
    "trail",
    "unit_of_work",
):
    pytest.register_assert_rewrite(f"{__name__}.{_module}")

from booking_core.testing.contracts.accounts import AccountRepositoryContract  # noqa: E402
from booking_core.testing.contracts.bookings import BookingRepositoryContract  # noqa: E402
from booking_core.testing.contracts.calendar import (  # noqa: E402
    CalendarContract,
    OpenSlotsContract,
    ProviderSide,
)
from booking_core.testing.contracts.calendar_bindings import (  # noqa: E402
    CalendarBindingRepositoryContract,
)
from booking_core.testing.contracts.calendar_files import CalendarFilesContract  # noqa: E402
from booking_core.testing.contracts.catalogue import CatalogueContract  # noqa: E402
from booking_core.testing.contracts.claims import SlotClaimsContract  # noqa: E402
from booking_core.testing.contracts.credentials import (  # noqa: E402
    CredentialRepositoryContract,
)
from booking_core.testing.contracts.identity import IdentityContract, TokenIssuer  # noqa: E402
from booking_core.testing.contracts.ids import IdFactoryContract  # noqa: E402
from booking_core.testing.contracts.inbox import InboxContract  # noqa: E402
from booking_core.testing.contracts.job_queue import JobQueueContract  # noqa: E402
from booking_core.testing.contracts.mail_writer import MailWriterContract  # noqa: E402
from booking_core.testing.contracts.mailer import MailerContract  # noqa: E402
from booking_core.testing.contracts.openings import OpeningsContract  # noqa: E402
from booking_core.testing.contracts.outbox import OutboxContract  # noqa: E402
from booking_core.testing.contracts.payment_notices import (  # noqa: E402
    NoticeSender,
    PaymentNoticeReaderContract,
)
from booking_core.testing.contracts.payments import (  # noqa: E402
    CheckoutContract,
    PayingClient,
    PaymentGatewayContract,
)
from booking_core.testing.contracts.proofs import (  # noqa: E402
    ProofIssuer,
    ProofReaderContract,
)
from booking_core.testing.contracts.trail import TrailContract  # noqa: E402
from booking_core.testing.contracts.unit_of_work import UnitOfWorkContract  # noqa: E402

__all__ = [
    "AccountRepositoryContract",
    "BookingRepositoryContract",
    "CalendarBindingRepositoryContract",
    "CalendarContract",
    "CalendarFilesContract",
    "CatalogueContract",
    "CheckoutContract",
    "CredentialRepositoryContract",
    "IdFactoryContract",
    "IdentityContract",
    "InboxContract",
    "JobQueueContract",
    "MailWriterContract",
    "MailerContract",
    "NoticeSender",
    "OpenSlotsContract",
    "OpeningsContract",
    "OutboxContract",
    "PayingClient",
    "PaymentGatewayContract",
    "PaymentNoticeReaderContract",
    "ProofIssuer",
    "ProofReaderContract",
    "ProviderSide",
    "SlotClaimsContract",
    "TokenIssuer",
    "TrailContract",
    "UnitOfWorkContract",
]
