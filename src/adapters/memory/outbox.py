from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from attrs import evolve

from booking_core import BookingId, DeadJob, Job, LeasedJob, LeasedOutbox, Topic, WaitingJob

from .tables import JobEntry, Session


class MemoryOutbox(LeasedOutbox):
    """Jobs by their number, which is the order in which they were put."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, job: Job) -> None:
        waiting = [id_ for id_, each in self._with_key(job.key) if _waits(each)]
        for job_id in waiting:  # one at most
            if self._session.tables.jobs[job_id].job.due_at <= job.due_at:
                return
            del self._session.changing().jobs[job_id]
        self._add(job)

    def ensure(self, job: Job) -> None:
        if not self._with_key(job.key):
            self._add(job)

    def withdraw(self, job: Job) -> None:
        for job_id, entry in self._with_key(job.key):
            if _waits(entry):
                del self._session.changing().jobs[job_id]

    def withdraw_mails(self, booking_id: BookingId) -> int:
        gone = [
            job_id
            for job_id, entry in self._session.tables.jobs.items()
            if (entry.job.booking_id, entry.job.topic) == (booking_id, Topic.SEND_MAIL)
            and entry.lease_until is None
        ]
        for job_id in gone:
            del self._session.changing().jobs[job_id]
        return len(gone)

    def _with_key(self, key: str) -> list[tuple[str, JobEntry]]:
        return [each for each in self._session.tables.jobs.items() if each[1].job.key == key]

    def _add(self, job: Job) -> None:
        tables = self._session.changing()
        tables.jobs_put += 1
        tables.jobs[f"job_{tables.jobs_put:06}"] = JobEntry(job)

    def lease(self, *, now: datetime, length: timedelta, limit: int = 10) -> tuple[LeasedJob, ...]:
        jobs = self._session.changing().jobs
        leased = []
        next_ones = sorted(
            self._next_of_each_booking(now), key=lambda job_id: (jobs[job_id].job.due_at, job_id)
        )
        for job_id in next_ones[:limit]:
            entry = evolve(jobs[job_id], attempt=jobs[job_id].attempt + 1, lease_until=now + length)
            jobs[job_id] = entry
            leased.append(
                LeasedJob(id=job_id, job=entry.job, attempt=entry.attempt, lease_until=now + length)
            )
        return tuple(leased)

    def done(self, leased: LeasedJob) -> bool:
        if self._held(leased) is None:
            return False
        del self._session.changing().jobs[leased.id]
        return True

    def failed(self, leased: LeasedJob, *, error: str, retry_at: datetime | None) -> bool:
        entry = self._held(leased)
        if entry is None:
            return False
        job = entry.job if retry_at is None else evolve(entry.job, due_at=retry_at)
        self._session.changing().jobs[leased.id] = evolve(
            entry, job=job, lease_until=None, dead=retry_at is None, error=error
        )
        return True

    def waiting(self) -> int:
        return sum(not entry.dead for entry in self._session.tables.jobs.values())

    def upcoming(self, *, limit: int = 100) -> tuple[WaitingJob, ...]:
        alive = [(id_, e) for id_, e in self._session.tables.jobs.items() if not e.dead]
        alive.sort(key=lambda each: each[1].job.due_at)
        return tuple(
            WaitingJob(
                id=job_id,
                job=entry.job,
                attempts=entry.attempt,
                error=entry.error,
                begun=entry.lease_until is not None,
            )
            for job_id, entry in alive[:limit]
        )

    def dead(self) -> tuple[DeadJob, ...]:
        return tuple(
            DeadJob(id=job_id, job=entry.job, attempts=entry.attempt, error=entry.error)
            for job_id, entry in self._session.tables.jobs.items()
            if entry.dead
        )

    def of_bookings(self, booking_ids: Collection[BookingId]) -> tuple[Job, ...]:
        entries = self._session.tables.jobs.values()
        return tuple(each.job for each in entries if each.job.booking_id in booking_ids)

    def restart(self, job_id: str, *, now: datetime) -> bool:
        entry = self._session.tables.jobs.get(job_id)
        if entry is None or not self.discard(job_id):
            return False
        self.put(evolve(entry.job, due_at=now))
        return True

    def discard(self, job_id: str) -> bool:
        jobs = self._session.changing().jobs
        if job_id not in jobs or not jobs[job_id].dead:
            return False
        del jobs[job_id]
        return True

    def _next_of_each_booking(self, now: datetime) -> Iterator[str]:
        """The oldest due job of each booking that nobody works for."""
        alive = {id_: e for id_, e in self._session.tables.jobs.items() if not e.dead}
        taken = {entry.job.booking_id for entry in alive.values() if entry.leased(now)}
        for job_id, entry in alive.items():
            if entry.job.due_at <= now and entry.job.booking_id not in taken:
                taken.add(entry.job.booking_id)
                yield job_id

    def _held(self, leased: LeasedJob) -> JobEntry | None:
        """The entry, when the lease still stands: each lease has an attempt number of its own."""
        entry = self._session.tables.jobs.get(leased.id)
        if entry is None or entry.lease_until is None or entry.attempt != leased.attempt:
            return None
        return entry


def _waits(entry: JobEntry) -> bool:
    """Nobody works on it: what is put while the same is being done has to be done again."""
    return not entry.dead and entry.lease_until is None
