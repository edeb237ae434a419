"""Entries as opaque as commitments, the same each time."""

from hashlib import sha256


def entry(index, salt=""):
    return sha256(f"{salt}{index}".encode()).digest()


def entries(size, salt=""):
    return [entry(index, salt) for index in range(size)]
