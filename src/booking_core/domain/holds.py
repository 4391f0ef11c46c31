"""What keeps a calendar from being blocked for free: how much may wait for its client at once (J3)."""

from __future__ import annotations

import hashlib
import hmac
import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from attrs import field, frozen


@frozen(kw_only=True)
class HoldLimits:
    """How many bookings may wait for their client at the same moment: be held, unpaid or unscheduled.

    Who has paid has done its part, and counts no more.

    Of one client (by its id, else by its e-mail address), from one network address, with one builder;
    of the builder those with a slot, because a link without a time takes nothing from it.
    """

    client: int = 5
    address: int = 20
    builder: int = 200


@frozen
class OriginKey:
    """Makes of a network address what is kept of it; `secret` is the service's own (32 random bytes).

    Who has the database alone cannot tell the address from it.
    """

    secret: bytes = field(repr=False)

    def of(self, remote_address: str) -> str:
        """The same for all addresses of one network (`network_of`); 32 hexadecimal digits."""
        key = hmac.digest(self.secret, b"booking-core origin v1", hashlib.sha256)
        return hmac.digest(key, network_of(remote_address).encode(), hashlib.sha256).hex()[:32]


def network_of(remote_address: str) -> str:
    """What one client has of the internet: an address of IPv4, or 56 bits of IPv6.

    A port and brackets, which some proxies write, are left out; an address of IPv4 within one of
    IPv6 is that of IPv4. Whatever is no address is one client.
    """
    written = _WITH_PORT.fullmatch(remote_address)
    try:
        address = ip_address(written["v6"] or written["v4"] if written else remote_address)
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(_within(address) or IPv6Network((int(address) >> 72 << 72, 56)))


def _within(address: IPv6Address) -> IPv4Address | None:
    """The address of IPv4 that it stands for, where it stands for one."""
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


_WITH_PORT = re.compile(r"\[(?P<v6>[^]]+)\](:\d+)?|(?P<v4>[\d.]+):\d+", re.ASCII)
_TRANSLATED = IPv6Network("64:ff9b::/96")  # RFC 6052
