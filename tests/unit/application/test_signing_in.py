"""Signing in by a mailed link: once, in time, and only by who reads the mail (J2)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking_core import (
    SESSION_LENGTH,
    SIGN_IN_LINK_LENGTH,
    Actor,
    ClientId,
    InvalidCredentials,
    InvalidRequest,
    Language,
    Mail,
    NewCredential,
    Role,
    UnknownTimezone,
)
from booking_core.testing.examples import a_contact
from tests.unit.application.paying import Shop

EMAIL = a_contact().email
SECOND = timedelta(seconds=1)


@pytest.fixture
def shop() -> Shop:
    return Shop.open(price=None)


def _link(shop: Shop, email: str = EMAIL) -> str:
    """The secret of the link in the newest mail to that address."""
    shop.core.ask_sign_in_link(email=email)
    shop.work()
    return _in(shop.mailer.sent_to(email)[-1])


def _in(mail: Mail) -> str:
    return mail.text.partition("https://booking.test/signin#link=")[2].split()[0]


def _session(shop: Shop, email: str = EMAIL) -> NewCredential:
    return shop.core.open_session(link_secret=_link(shop, email))


def test_a_mailed_link_signs_its_reader_in(shop: Shop) -> None:
    session = _session(shop)
    actor = shop.core.actor_of_session(secret=session.secret)
    assert (actor.role, actor.id) == (Role.CLIENT, session.credential.account_id)
    assert actor.contact is not None
    assert actor.contact.email == EMAIL
    (account,) = shop.core.list_accounts(actor=Actor.admin()).accounts
    assert (account.id, account.email_proved) == (actor.id, True)


def test_a_link_works_once(shop: Shop) -> None:
    link = _link(shop)
    first = shop.core.open_session(link_secret=link)
    with pytest.raises(InvalidCredentials):
        shop.core.open_session(link_secret=link)
    assert shop.core.actor_of_session(secret=first.secret).signed_in


def test_the_other_links_to_an_address_end_with_the_one_that_is_used(shop: Shop) -> None:
    first, second = _link(shop), _link(shop, EMAIL.upper())
    theirs = _link(shop, "ann@example.org")
    shop.core.open_session(link_secret=second)
    with pytest.raises(InvalidCredentials):
        shop.core.open_session(link_secret=first)
    assert shop.core.open_session(link_secret=theirs)
    assert shop.core.open_session(link_secret=_link(shop))


@pytest.mark.parametrize("secret", ["", "guess", "\ud800"])
def test_a_guessed_secret_opens_nothing(shop: Shop, secret: str) -> None:
    with pytest.raises(InvalidCredentials):
        shop.core.open_session(link_secret=secret)
    for find in (shop.core.actor_of_session, shop.core.actor_of_api_key):
        with pytest.raises(InvalidCredentials):
            find(secret=secret)
    shop.core.close_session(secret=secret)


def test_a_secret_of_one_kind_opens_nothing_of_another(shop: Shop) -> None:
    link = _link(shop)
    session = shop.core.open_session(link_secret=_link(shop)).secret
    for secret, find in (
        (link, shop.core.actor_of_session),
        (session, shop.core.actor_of_api_key),
    ):
        with pytest.raises(InvalidCredentials):
            find(secret=secret)
    with pytest.raises(InvalidCredentials):
        shop.core.open_session(link_secret=session)


def test_a_link_expires(shop: Shop) -> None:
    early, late = _link(shop), _link(shop, "ann@example.org")
    shop.clock.advance(SIGN_IN_LINK_LENGTH - SECOND)
    shop.core.open_session(link_secret=early)
    shop.clock.advance(SECOND)
    with pytest.raises(InvalidCredentials):
        shop.core.open_session(link_secret=late)


def test_a_session_ends_after_two_weeks(shop: Shop) -> None:
    session = _session(shop)
    shop.clock.advance(SESSION_LENGTH - SECOND)
    assert shop.core.actor_of_session(secret=session.secret).signed_in
    shop.clock.advance(SECOND)
    with pytest.raises(InvalidCredentials):
        shop.core.actor_of_session(secret=session.secret)


def test_signing_out_ends_that_session_and_no_other(shop: Shop) -> None:
    mine, other, theirs = _session(shop), _session(shop), _session(shop, "ann@example.org")
    shop.core.close_session(secret=mine.secret)
    shop.core.close_session(secret=mine.secret)
    with pytest.raises(InvalidCredentials):
        shop.core.actor_of_session(secret=mine.secret)
    for session in (other, theirs):
        actor = shop.core.actor_of_session(secret=session.secret)
        assert actor.id == session.credential.account_id


def test_signing_in_anew_ends_the_session_that_the_browser_had(shop: Shop) -> None:
    before, elsewhere = _session(shop), _session(shop)
    now = shop.core.open_session(link_secret=_link(shop), replacing=before.secret)
    with pytest.raises(InvalidCredentials):
        shop.core.actor_of_session(secret=before.secret)
    for session in (now, elsewhere):
        assert shop.core.actor_of_session(secret=session.secret).signed_in
    assert now.credential.account_id == before.credential.account_id


def test_whether_there_is_an_account_makes_no_difference_to_who_asks(shop: Shop) -> None:
    _session(shop)
    shop.mailer.sent.clear()
    for email in (EMAIL, "nobody@example.org"):
        shop.core.ask_sign_in_link(email=email)
    shop.work()
    known, unknown = (shop.mailer.sent_to(each)[0] for each in (EMAIL, "nobody@example.org"))
    assert known.text.replace(_in(known), "") == unknown.text.replace(_in(unknown), "")


def test_three_links_may_be_open_for_an_address_and_who_asks_is_told_no_difference(
    shop: Shop,
) -> None:
    for email in [EMAIL, EMAIL.upper()] * 3 + ["ann@example.org"]:
        shop.core.ask_sign_in_link(email=email)
    shop.work()
    mails = shop.mailer.sent_to(EMAIL) + shop.mailer.sent_to(EMAIL.upper())
    assert len(mails) == 3
    assert len(shop.mailer.sent_to("ann@example.org")) == 1
    shop.core.open_session(link_secret=_in(mails[0]))
    shop.core.ask_sign_in_link(email=EMAIL)
    shop.core.ask_sign_in_link(email=EMAIL)
    shop.work()
    sent = shop.mailer.sent_to(EMAIL) + shop.mailer.sent_to(EMAIL.upper())
    assert len(sent) == 5  # the other two ended with the one that was used
    shop.clock.advance(SIGN_IN_LINK_LENGTH)
    assert _link(shop) not in {_in(each) for each in mails}


def test_neither_the_job_nor_the_database_has_the_secret(shop: Shop) -> None:
    shop.core.ask_sign_in_link(email=EMAIL)
    (job,) = shop.store.jobs
    shop.work()
    link = _in(shop.mailer.sent_to(EMAIL)[0])
    session = shop.core.open_session(link_secret=link)
    kept = shop.store.committed.credentials.values()
    stored = " ".join(str(getattr(each, name)) for each in kept for name in ("id", "digest"))
    assert link not in f"{job} {stored}"
    assert EMAIL not in f"{job} {list(kept)}"
    assert session.secret not in f"{stored} {session!r}"


def test_a_mail_that_has_to_be_tried_again_has_the_same_link(shop: Shop) -> None:
    shop.core.ask_sign_in_link(email=EMAIL, language=Language.GERMAN)
    (job,) = shop.store.jobs
    do = shop.core.work_outbox.do_job
    do(job)
    do(job)
    first, again = shop.mailer.arrived
    assert first == again
    assert first.subject == "Sign in"
    shop.core.open_session(link_secret=_in(first))
    do(job)
    assert len(shop.mailer.arrived) == 2


def test_a_link_that_is_too_old_is_not_sent_any_more(shop: Shop) -> None:
    shop.core.ask_sign_in_link(email=EMAIL)
    shop.clock.advance(SIGN_IN_LINK_LENGTH)
    shop.work()
    assert shop.mailer.sent == []


@pytest.mark.parametrize("email", ["", "ana", "a@b", "ana@example.org\nBcc: eve@example.org"])
def test_what_is_no_address_is_refused(shop: Shop, email: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        shop.core.ask_sign_in_link(email=email)
    assert [each.pointer for each in refused.value.errors] == ["/email"]


def test_the_longest_address_can_sign_in(shop: Shop) -> None:
    email = f"{'a' * 242}@example.org"
    actor = shop.core.actor_of_session(secret=_session(shop, email).secret)
    assert actor.contact is not None
    assert actor.contact.email == email


def test_a_new_account_is_in_the_zone_and_language_of_the_browser(shop: Shop) -> None:
    link = _link(shop)
    with pytest.raises(UnknownTimezone):
        shop.core.open_session(link_secret=link, timezone="Mars/Base")
    session = shop.core.open_session(
        link_secret=link, timezone="Asia/Tokyo", language=Language.GERMAN
    )
    contact = shop.core.actor_of_session(secret=session.secret).contact
    assert contact is not None
    assert (contact.timezone, contact.language) == ("Asia/Tokyo", Language.GERMAN)


def test_the_session_of_an_account_that_is_gone_opens_nothing(shop: Shop) -> None:
    session = _session(shop)
    with shop.store() as uow:
        uow.accounts.remove(uow.accounts.get(ClientId(str(session.credential.account_id))))
        uow.commit()
    with pytest.raises(InvalidCredentials):
        shop.core.actor_of_session(secret=session.secret)


def test_what_ended_a_week_ago_is_forgotten(shop: Shop) -> None:
    session = _session(shop)
    shop.core.close_session(secret=session.secret)
    _session(shop)
    shop.clock.advance(timedelta(days=7))
    assert shop.core.forget_credentials() == 0
    shop.clock.advance(SIGN_IN_LINK_LENGTH)
    assert shop.core.forget_credentials() == 3
    assert len(shop.store.committed.credentials) == 1


def test_a_dead_mail_server_is_tried_again(shop: Shop) -> None:
    shop.mailer.break_next("send")
    shop.core.ask_sign_in_link(email=EMAIL)
    shop.work()
    assert shop.mailer.sent == []
    shop.work(timedelta(minutes=5))
    assert shop.core.open_session(link_secret=_in(shop.mailer.sent_to(EMAIL)[0]))
