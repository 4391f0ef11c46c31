"""What the repository of accounts promises."""

from __future__ import annotations

from functools import partial

import pytest
from attrs import evolve

from booking_core.domain.account import Account, SignIn
from booking_core.domain.errors import NotFound, StaleAccount, StaleBooking
from booking_core.domain.ids import BuilderId, ClientId
from booking_core.domain.language import Language
from booking_core.ports.unit_of_work import UnitOfWorkFactory
from booking_core.testing.contracts.stored import put_catalogue
from booking_core.testing.contracts.threads import at_once
from booking_core.testing.examples import a_contact, an_account

_GOOGLE, _OTHER = SignIn("https://id.test", "g-1"), SignIn("https://other.test", "g-1")


class AccountRepositoryContract:
    """Needs the fixture `unit_of_work`: a factory on an empty store."""

    @pytest.mark.parametrize(
        "account",
        [
            an_account(),
            an_account(contact=None),
            an_account(contact=a_contact(timezone=None, language=Language.GERMAN)),
            an_account(
                email_proved=True,
                sign_ins=frozenset({_GOOGLE, _OTHER}),
                builder_id=BuilderId("bld_1"),
                is_admin=True,
            ),
        ],
    )
    def test_an_account_comes_back_as_it_was_saved(
        self, unit_of_work: UnitOfWorkFactory, account: Account
    ) -> None:
        put_catalogue(unit_of_work)
        saved = _save(unit_of_work, account)
        assert saved == evolve(account, version=1)
        changed = _save(unit_of_work, evolve(saved, is_admin=True, sign_ins=frozenset({_GOOGLE})))
        with unit_of_work(write=False) as uow:
            assert uow.accounts.get(account.id) == changed
            assert uow.accounts.all() == [changed]
        assert changed.version == 2

    def test_one_that_is_not_there_is_not_found(self, unit_of_work: UnitOfWorkFactory) -> None:
        with unit_of_work(write=False) as uow:
            assert uow.accounts.by_email("grace@example.org") is None
            assert uow.accounts.by_sign_in(_GOOGLE) is None
            with pytest.raises(NotFound):
                uow.accounts.get(ClientId("acc_9"))

    def test_an_account_is_found_by_its_address_in_either_case(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        account = _save(unit_of_work, an_account(contact=a_contact(email="Grace@Example.org")))
        with unit_of_work(write=False) as uow:
            for email in ("grace@example.org", " GRACE@EXAMPLE.ORG "):
                assert uow.accounts.by_email(email) == account

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("ann@stra\N{LATIN SMALL LETTER SHARP S}e.example", "ann@strasse.example"),
            ("\N{KELVIN SIGN}im@example.org", "kim@example.org"),
        ],
    )
    def test_letters_that_only_look_the_same_when_they_are_folded_are_other_peoples(
        self, unit_of_work: UnitOfWorkFactory, one: str, other: str
    ) -> None:
        mine = _save(unit_of_work, an_account(contact=a_contact(email=one)))
        with unit_of_work(write=False) as uow:
            assert uow.accounts.by_email(other) is None
        _save(unit_of_work, an_account(id="acc_2", contact=a_contact(email=other)))
        with unit_of_work(write=False) as uow:
            assert uow.accounts.by_email(one) == mine

    def test_an_address_that_only_an_unproved_sign_in_says_is_held_by_nobody(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        _save(unit_of_work, an_account(id="acc_1", sign_ins=frozenset({_GOOGLE})))
        with unit_of_work(write=False) as uow:
            assert uow.accounts.by_email(a_contact().email) is None
        owner = _save(unit_of_work, an_account(id="acc_2", email_proved=True))
        with unit_of_work(write=False) as uow:
            assert uow.accounts.by_email(a_contact().email) == owner

    def test_those_who_only_say_an_address_are_found_beside_the_one_who_holds_it(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        liar = an_account(
            contact=a_contact(email="Grace@Example.org"), sign_ins=frozenset({_GOOGLE})
        )
        said = _save(unit_of_work, liar)
        held = _save(unit_of_work, an_account(id="acc_2", email_proved=True))
        _save(unit_of_work, an_account(id="acc_3", contact=a_contact(email="ann@example.org")))
        _save(unit_of_work, an_account(id="acc_4", contact=None))
        with unit_of_work(write=False) as uow:
            assert uow.accounts.saying(" GRACE@example.org") == [said, held]
            assert uow.accounts.saying("nobody@example.org") == []

    def test_an_account_is_found_by_issuer_and_subject_together(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        account = _save(unit_of_work, an_account(sign_ins=frozenset({_GOOGLE})))
        with unit_of_work(write=False) as uow:
            assert uow.accounts.by_sign_in(_GOOGLE) == account
            assert uow.accounts.by_sign_in(_OTHER) is None

    def test_the_people_who_are_a_builder_are_found(self, unit_of_work: UnitOfWorkFactory) -> None:
        put_catalogue(unit_of_work)
        account = _save(unit_of_work, an_account(builder_id=BuilderId("bld_1")))
        _save(unit_of_work, an_account(id="acc_2", contact=None))
        with unit_of_work(write=False) as uow:
            assert uow.accounts.of_builder(BuilderId("bld_1")) == [account]
            assert uow.accounts.of_builder(BuilderId("bld_2")) == []

    def test_accounts_are_listed_by_their_ids_a_page_at_a_time(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        for number in (3, 1, 2):
            _save(unit_of_work, an_account(id=f"acc_{number}", contact=None))
        with unit_of_work(write=False) as uow:
            first = uow.accounts.all(limit=2)
            assert [each.id for each in first] == ["acc_1", "acc_2"]
            assert [each.id for each in uow.accounts.all(after=first[-1].id)] == ["acc_3"]

    @pytest.mark.parametrize(
        "second",
        [
            an_account(id="acc_2", contact=a_contact(email="GRACE@example.org")),
            an_account(id="acc_2", contact=None, sign_ins=frozenset({_GOOGLE})),
            an_account(id="acc_1", contact=None),
        ],
    )
    def test_no_two_accounts_share_an_address_a_sign_in_or_an_id(
        self, unit_of_work: UnitOfWorkFactory, second: Account
    ) -> None:
        _save(unit_of_work, an_account(email_proved=True, sign_ins=frozenset({_GOOGLE})))
        with pytest.raises(StaleAccount):
            _save(unit_of_work, second)

    def test_who_saves_what_somebody_else_has_changed_is_refused(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        read = _save(unit_of_work, an_account())
        _save(unit_of_work, evolve(read, is_admin=True))
        with pytest.raises(StaleAccount):
            _save(unit_of_work, evolve(read, email_proved=True))

    def test_a_removed_account_leaves_its_address_and_sign_ins_free(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        entered = frozenset({_GOOGLE})
        account = _save(unit_of_work, an_account(email_proved=True, sign_ins=entered))
        with unit_of_work() as uow:
            uow.accounts.remove(account)
            uow.commit()
        _save(unit_of_work, an_account(id="acc_2", email_proved=True, sign_ins=entered))
        with unit_of_work(write=False) as uow, pytest.raises(NotFound):
            uow.accounts.get(account.id)

    def test_what_somebody_else_has_changed_or_removed_is_not_removed(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        read = _save(unit_of_work, an_account())
        changed = _save(unit_of_work, evolve(read, is_admin=True))
        with unit_of_work() as uow, pytest.raises(StaleAccount):
            uow.accounts.remove(read)
        with unit_of_work(write=False) as uow:
            assert uow.accounts.get(read.id) == changed
        with unit_of_work() as uow:
            uow.accounts.remove(changed)
            uow.commit()
        with unit_of_work() as uow, pytest.raises(StaleAccount):
            uow.accounts.remove(changed)

    def test_of_many_who_remove_an_account_and_sign_in_to_it_at_once_nobody_is_lost(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        read = _save(unit_of_work, an_account(email_proved=True))

        def change(number: int) -> str:
            try:
                with unit_of_work() as uow:
                    if number % 2:
                        uow.accounts.remove(read)
                    else:
                        uow.accounts.save(evolve(read, sign_ins=frozenset({_GOOGLE})))
                    uow.commit()
            except StaleBooking:  # StaleAccount, or the database had no time for it
                return "late"
            return "removed" if number % 2 else "signed in"

        done = set(at_once([partial(change, number) for number in range(8)])) - {"late"}
        with unit_of_work(write=False) as uow:
            assert done == ({"signed in"} if uow.accounts.all() else {"removed"})

    @pytest.mark.parametrize("shared", ["address", "sign-in"])
    def test_of_twelve_who_make_one_account_at_once_one_does(
        self, unit_of_work: UnitOfWorkFactory, shared: str
    ) -> None:
        def make(number: int) -> bool:
            account = an_account(id=f"acc_{number:02}", email_proved=True)
            if shared == "sign-in":
                account = evolve(account, contact=None, sign_ins=frozenset({_GOOGLE}))
            try:
                _save(unit_of_work, account)
            except StaleBooking:  # StaleAccount, or the database had no time for it
                return False
            return True

        assert at_once([partial(make, number) for number in range(12)]).count(True) == 1
        with unit_of_work(write=False) as uow:
            assert len(uow.accounts.all()) == 1


def _save(unit_of_work: UnitOfWorkFactory, account: Account) -> Account:
    with unit_of_work() as uow:
        saved = uow.accounts.save(account)
        uow.commit()
    return saved
