"""Errors that tell a person what, where and how to mend it.

An error carries a stable ``code``, an English ``message`` that is also its message id for translation,
the ``where`` of the mistake and named ``parameters``. Only apps translate; the core formats English.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

from riverloop.core.kernel.words import N_

_DID_YOU_MEAN = N_(' Did you mean "{near}"?')
_AT_LINE = N_("Line {line}: {told}")


class RiverloopError(Exception):
    """The one base of all errors a person may read.

    Args:
        code: stable dotted name, such as ``facts.unknown``.
        message: English ``str.format`` template: what is wrong and how to mend it.
        where: file and line, or path in the input; empty if there is none.
        **parameters: values for the template; one may be another error, which is told within this one's sentence.
    """

    def __init__(self, code: str, message: str, *, where: str = "", **parameters: object) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.where = where
        self.parameters = parameters

    def text(self, template: str | None = None) -> str:
        """Return the one line a person reads; ``template`` is a translation of ``message``."""
        line = (template or self.message).format(**self.parameters)
        return f"{self.where}: {line}" if self.where else line

    def told(self, translate: Callable[[str], str]) -> str:
        """Return the message in another language, without where the mistake stood.

        Args:
            translate: gives a template in that language.
        """
        values = {name: _told(value, translate) for name, value in self.parameters.items()}
        return translate(self.message).format(**values)

    def line_told(self, translate: Callable[[str], str]) -> str:
        """Return the one line a person reads in another language: where, and the message.

        A mistake in a text that has no name, such as one that stands in a field, is of a line.

        Args:
            translate: gives a template in that language.
        """
        told = self.told(translate)
        name, _, line = self.where.rpartition(":")
        if not name and line.isdecimal():
            return translate(_AT_LINE).format(line=line, told=told)
        return f"{self.where}: {told}" if self.where else told

    def __str__(self) -> str:
        return self.text()


def _told(value: object, translate: Callable[[str], str]) -> object:
    if isinstance(value, RiverloopError):
        return value.told(translate)
    return translate(_DID_YOU_MEAN).format(near=value.near) if isinstance(value, Hint) else value


class Hint(str):  # noqa: SLOT000 - it carries one attribute
    """`` Did you mean "x"?`` in English, and the name apart, so that it can be said in another language."""

    near = ""


class InputError(RiverloopError):
    """Something a person gave is malformed; nothing was done with it."""


class ConflictError(RiverloopError):
    """What a person asked was well formed, but something has changed or stands in its way; nothing was done."""


class PackError(InputError):
    """A rule pack or its dictionary of facts says something it may not say."""


class ZoneError(InputError):
    """A zone file says something it may not say."""


class IdentityError(InputError):
    """A document number or machine-readable zone does not hold together."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean "x"?`` for the nearest of ``known``, or an empty string."""
    near = difflib.get_close_matches(name, list(known), n=1)
    if not near:
        return ""
    return hint_of(near[0])


def hint_of(near: str) -> Hint:
    """Return the hint that names what may have been meant."""
    hint = Hint(_DID_YOU_MEAN.format(near=near))
    hint.near = near
    return hint
