"""What is kept of an address tells one client from another, and nobody where it was."""

import pytest

from booking_core import OriginKey
from booking_core.domain.holds import network_of

KEY = OriginKey(bytes(32))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/56"),
        ("2001:db8:1:ff::9", "2001:db8:1::/56"),
        ("2001:db8:1:100::9", "2001:db8:1:100::/56"),
        ("192.0.2.7:40001", "192.0.2.7"),
        ("[::ffff:192.0.2.7]:40001", "192.0.2.7"),
        ("[2001:db8:1:2::9]:40001", "2001:db8:1::/56"),
        ("[2001:db8:1:2::9]", "2001:db8:1::/56"),
        ("64:ff9b::192.0.2.7", "192.0.2.7"),
        ("64:ff9b:1::192.0.2.7", "64:ff9b:1::/56"),
        ("2002:c000:207:3::9", "192.0.2.7"),
    ],
)
def test_one_client_has_an_address_of_ipv4_or_56_bits_of_ipv6(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    "text", ["unix:", "", "_hidden", "192.0.2.7:", "192.0.2.7:x", "[192.0.2.7"]
)
def test_whoever_has_no_address_is_one_client(text: str) -> None:
    assert network_of(text) == network_of("unknown")


def test_the_address_is_kept_as_a_digest_under_the_services_own_key() -> None:
    assert KEY.of("192.0.2.7") == KEY.of("192.0.2.7") != KEY.of("192.0.2.8")
    assert OriginKey(b"another").of("192.0.2.7") != KEY.of("192.0.2.7")
    assert "192" not in repr(KEY)
    assert len(KEY.of("192.0.2.7")) == 32
