import pytest

from booking_core import Client, Contact, InvalidRequest, UnknownTimezone
from booking_core.testing.examples import a_contact


@pytest.mark.parametrize(
    "email", ["ana@example.org", "a.b+c@sub.example.co", "åse@bücher.example", " ana@example.org "]
)
def test_what_can_be_an_address_is_taken(email: str) -> None:
    assert a_contact(email=email).email == email.strip()


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ana",
        "ana@",
        "@example.org",
        "ana@example",
        "ana@@example.org",
        "ana bell@example.org",
        "ana@example.org\nBcc: all@example.org",
        "<ana@example.org>",
        "ana@example.org,bob@example.org",
        "a" * 250 + "@example.org",
        "ana\x9b2J@example.org",
        "ana@example.or\x7fg",
    ],
)
def test_what_can_never_be_an_address_or_breaks_a_mail_header_is_refused(email: str) -> None:
    with pytest.raises(InvalidRequest) as wrong:
        a_contact(email=email)
    assert wrong.value.errors[0].pointer == "/clientDetails/email"


@pytest.mark.parametrize("name", ["", "  \n ", "x" * 201, "\x1b[2JAna", "Ana\x9b31m", "Ana\x07"])
def test_a_name_has_1_to_200_characters_and_none_that_controls_a_terminal(name: str) -> None:
    with pytest.raises(InvalidRequest) as wrong:
        a_contact(name=name)
    assert wrong.value.errors[0].pointer == "/clientDetails/name"


def test_a_name_is_one_line() -> None:
    assert a_contact(name=" Grace\r\n  Murray ").name == "Grace Murray"


@pytest.mark.parametrize(
    "timezone",
    [
        *("Mars/Olympus", "", "../../etc/passwd", "Europe/Berlin\0", "Europe", "europe/berlin"),
        *("localtime", "posixrules", "Factory", "right/UTC", "posix/Europe/Berlin"),
    ],
)
def test_a_zone_that_nobody_knows_is_refused(timezone: str) -> None:
    with pytest.raises(UnknownTimezone):
        a_contact(timezone=timezone)


def test_addresses_are_compared_without_case() -> None:
    assert Contact("Ana", "Ana@Example.org").same_address(" ana@example.ORG")
    assert not Contact("Ana", "ana@example.org").same_address("anna@example.org")


def test_addresses_that_only_folding_makes_one_belong_to_two_people() -> None:
    assert not Contact("Ana", "ana@straße.example").same_address("ana@strasse.example")
    assert Contact("Ana", "ana@straße.example").same_address("ANA@STRAßE.example")


@pytest.mark.parametrize("email", ["ana@erased.invalid", "erased-1@ERASED.invalid"])
def test_nobody_can_say_to_be_erased(email: str) -> None:
    with pytest.raises(InvalidRequest) as wrong:
        a_contact(email=email)
    assert wrong.value.errors[0].pointer == "/clientDetails/email"
    assert Contact.erased("bkg_1").is_erased


def test_a_client_without_an_id_is_anonymous() -> None:
    assert not Client(a_contact()).known
