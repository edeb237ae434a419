"""Document numbers and machine-readable zones: what a number says of itself, with no register asked."""

from riverloop.core.identity.hkid import format_hkid, hkid_check_digit, mask_hkid, read_hkid
from riverloop.core.identity.mrz import read_mrz
from riverloop.core.identity.mrz_layout import mrz_check_digit
from riverloop.core.identity.mrz_writer import write_mrz
from riverloop.core.identity.notation import mask_number
from riverloop.core.identity.permits import (
    HomeReturnPermit,
    format_home_return_permit,
    mask_home_return_permit,
    mask_two_way_permit,
    read_home_return_permit,
    read_two_way_permit,
)
from riverloop.core.identity.resident_id import (
    ResidentId,
    format_resident_id,
    mask_resident_id,
    read_resident_id,
)
from riverloop.core.identity.travel_document import PartialDate, TravelDocument
from riverloop.core.identity.uscc import mask_uscc, read_uscc

__all__ = [
    "HomeReturnPermit",
    "PartialDate",
    "ResidentId",
    "TravelDocument",
    "format_hkid",
    "format_home_return_permit",
    "format_resident_id",
    "hkid_check_digit",
    "mask_hkid",
    "mask_home_return_permit",
    "mask_number",
    "mask_resident_id",
    "mask_two_way_permit",
    "mask_uscc",
    "mrz_check_digit",
    "read_hkid",
    "read_home_return_permit",
    "read_mrz",
    "read_resident_id",
    "read_two_way_permit",
    "read_uscc",
    "write_mrz",
]
