from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import RLock

from attrs import evolve, field, frozen

from adapters.simulated_payments.notices import Posting
from booking_core import BookingId, CheckoutState, Dispute, Money, Standing

_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS checkouts (
        id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, entry TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE IF NOT EXISTS postings (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
        booking_id TEXT NOT NULL, move TEXT NOT NULL, at TEXT NOT NULL
    ) STRICT
    """,
)
IN_MEMORY = ":memory:"


@frozen(kw_only=True)
class Entry:
    """One checkout; `ends_at` is the end of the checkout, then of its authorisation.

    `refunds` went back, by key; `sent_back` are the keys of ours that the client's bank did not take.
    """

    id: str
    key: str
    booking_id: BookingId
    price: Money
    title: str
    email: str
    return_url: str
    ends_at: datetime
    state: CheckoutState = CheckoutState.OPEN
    captured: int = 0
    refunds: dict[str, int] = field(factory=dict)
    dispute: Dispute = Dispute.NONE
    declined: bool = False
    turned_back_url: str = ""
    sent_back: tuple[str, ...] = ()

    @property
    def left(self) -> int:
        """What was captured and has not gone back."""
        return self.captured - sum(self.refunds.values())

    @property
    def taken_back(self) -> bool:
        """By the bank, for the time of the dispute or for good."""
        return self.dispute in (Dispute.OPEN, Dispute.LOST)

    @property
    def refundable(self) -> bool:
        return self.left > 0 and not self.taken_back

    def at(self, now: datetime) -> Entry:
        """What time has made of it."""
        ends = {
            CheckoutState.OPEN: CheckoutState.EXPIRED,
            CheckoutState.AUTHORISED: CheckoutState.LAPSED,
        }
        if now >= self.ends_at and self.state in ends:
            return evolve(self, state=ends[self.state])
        return self

    def standing(self) -> Standing:
        return Standing(
            state=self.state,
            captured=self.captured,
            refunds=dict(self.refunds),
            failed_refunds=frozenset(self.sent_back),
            dispute=self.dispute,
        )


class Books:
    """The provider's own record in an SQLite file, shared by all processes of the service."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = RLock()
        self._shared = self._open() if path == IN_MEMORY else None
        with self._connection() as connection:
            for table in _TABLES:
                connection.execute(table)

    def find(self, checkout_id: str) -> Entry | None:
        return self._one("id", checkout_id)

    def find_by_key(self, key: str) -> Entry | None:
        return self._one("key", key)

    def add(self, entry: Entry) -> Entry:
        """The entry under its key: the first one that was added."""
        with self._connection() as connection:
            connection.execute(
                "INSERT INTO checkouts (id, key, entry) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (entry.id, entry.key, _text(entry)),
            )
        return self.find_by_key(entry.key) or entry

    def change(
        self,
        checkout_id: str,
        change: Callable[[Entry], Entry | None],
        posting: Posting | None = None,
    ) -> Entry | None:
        """Changes an entry while nobody else does; None when there is no such checkout.

        When there was something to change, what is to be posted about it is kept with it.
        """
        with self._connection() as connection:
            row = connection.execute(
                "SELECT entry FROM checkouts WHERE id = ?", (checkout_id,)
            ).fetchone()
            if row is None:
                return None
            entry = _entry(row[0])
            changed = change(entry)
            if changed is None:
                return entry
            connection.execute(
                "UPDATE checkouts SET entry = ? WHERE id = ?", (_text(changed), checkout_id)
            )
            if posting is not None:
                connection.execute(
                    "INSERT INTO postings (id, booking_id, move, at) VALUES (?, ?, ?, ?)",
                    (posting.id, posting.booking_id, posting.move, posting.at.isoformat()),
                )
            return changed

    def not_taken(self) -> list[Posting]:
        """What was posted and nobody has taken, oldest first."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT id, booking_id, move, at FROM postings ORDER BY number"
            ).fetchall()
        return [
            Posting(id_, BookingId(booking_id), move, datetime.fromisoformat(at))
            for id_, booking_id, move, at in rows
        ]

    def taken(self, posting: Posting) -> None:
        with self._connection() as connection:
            connection.execute("DELETE FROM postings WHERE id = ?", (posting.id,))

    def _one(self, column: str, value: str) -> Entry | None:
        with self._connection() as connection:
            row = connection.execute(
                f"SELECT entry FROM checkouts WHERE {column} = ?", (value,)
            ).fetchone()
        return _entry(row[0]) if row else None

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A transaction that nobody else writes in."""
        with self._lock:
            connection = self._shared or self._open()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise
            finally:
                if connection is not self._shared:
                    connection.close()

    def _open(self) -> sqlite3.Connection:
        if self._path != IN_MEMORY:
            Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        return sqlite3.connect(
            self._path, timeout=10, isolation_level=None, check_same_thread=False
        )


def _text(entry: Entry) -> str:
    return json.dumps(
        {
            "id": entry.id,
            "key": entry.key,
            "booking_id": entry.booking_id,
            "price": [entry.price.amount, entry.price.currency],
            "title": entry.title,
            "email": entry.email,
            "return_url": entry.return_url,
            "ends_at": entry.ends_at.isoformat(),
            "state": entry.state,
            "captured": entry.captured,
            "refunds": entry.refunds,
            "dispute": entry.dispute,
            "declined": entry.declined,
            "turned_back_url": entry.turned_back_url,
            "sent_back": entry.sent_back,
        }
    )


def _entry(text: str) -> Entry:
    stored = json.loads(text)
    return Entry(
        **stored
        | {
            "booking_id": BookingId(stored["booking_id"]),
            "price": Money(*stored["price"]),
            "ends_at": datetime.fromisoformat(stored["ends_at"]),
            "state": CheckoutState(stored["state"]),
            "dispute": Dispute(stored["dispute"]),
            "sent_back": tuple(stored.get("sent_back", ())),
        }
    )
