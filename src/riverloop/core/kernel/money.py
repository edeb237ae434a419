"""Money as integer minor units with an ISO 4217 code: never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass

from riverloop.core.kernel.errors import InputError

# ISO 4217 gives two minor digits unless listed here (the currencies with 0 or 3; amendment 176).
_MINOR_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_AMOUNT = re.compile(r"(?P<sign>-?)(?P<whole>\d{1,15})(?:\.(?P<part>\d{1,3}))?", re.ASCII)


@dataclass(frozen=True, order=False, slots=True)
class Money:
    """An amount of one currency.

    Args:
        minor: integer minor units (cents), may be negative.
        currency: ISO 4217 code, three capital letters.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.minor, int) or isinstance(self.minor, bool):
            raise InputError(
                "money.minor",
                "The amount {amount!r} is not a whole number of minor units. Give cents, not a decimal.",
                amount=self.minor,
            )
        if not re.fullmatch(r"[A-Z]{3}", self.currency):
            raise InputError(
                "money.currency",
                'The currency "{currency}" is not an ISO 4217 code. Give three capital letters, such as HKD.',
                currency=self.currency,
            )

    @classmethod
    def parse(cls, amount: str, currency: str) -> Money:
        """Read a decimal string exactly.

        Args:
            amount: such as ``1234.50``; no grouping.
            currency: ISO 4217 code.

        Raises:
            InputError: not a decimal number, or more digits than the currency has.
        """
        found = _AMOUNT.fullmatch(amount.strip())
        digits = _MINOR_DIGITS.get(currency, 2)
        if not found or len(found["part"] or "") > digits:
            raise InputError(
                "money.amount",
                'The amount "{amount}" is not {currency} with at most {digits} decimal places. '
                "Give digits and one point, such as 1234.50.",
                amount=amount,
                currency=currency,
                digits=digits,
            )
        minor = int(found["whole"]) * 10**digits + int((found["part"] or "").ljust(digits, "0") or 0)
        return cls(-minor if found["sign"] else minor, currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other).minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other).minor

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other).minor

    def __str__(self) -> str:
        digits = _MINOR_DIGITS.get(self.currency, 2)
        whole, part = divmod(abs(self.minor), 10**digits)
        sign = "-" if self.minor < 0 else ""
        return f"{self.currency} {sign}{whole}" + (f".{part:0{digits}d}" if digits else "")

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise InputError(
                "money.currencies",
                "{one} and {other} cannot be added or compared. Convert one of them first.",
                one=self.currency,
                other=other.currency,
            )
        return other
