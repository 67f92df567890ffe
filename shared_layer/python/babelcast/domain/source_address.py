"""Whom an address stands for, without keeping the address."""

import hashlib
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import NewType

AddressKey = NewType("AddressKey", str)
"""A hash. Whoever tries every IPv4 address finds the one: it is a pseudonym, and not to be kept longer than needed."""

_HOUSEHOLD_BITS = 64
"""An IPv6 customer has a /64 at least and every address in it. Source: RFC 6177."""


def address_key(source_ip: str) -> AddressKey:
    """The key of a caller's address; all addresses of one IPv6 household have the same.

    What is no address has a key of its own, so that nothing is let through for being odd.
    """
    return AddressKey(hashlib.sha256(_household(source_ip).encode()).hexdigest()[:32])


def _household(source_ip: str) -> str:
    try:
        address: IPv4Address | IPv6Address = ip_address(source_ip)
    except ValueError:
        return source_ip
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(IPv6Network((int(address), _HOUSEHOLD_BITS), strict=False))
        address = address.ipv4_mapped
    return str(address)
