"""Streams of random numbers: one for each purpose, the same in every design.

A stream is named by the seed, the replication, the day and what it is for (``service``, ``counter``). Two designs run
with one seed therefore see the same passengers at the same instants, and draw the same standard number for the same
passenger at a station of the same name, whatever else differs: what is left of their difference is the designs' own
(common random numbers).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams of one day of one replication.

    Args:
        seed: of the run, >= 0.
        replication: number from 0.
        day: number from 0.
    """

    seed: int
    replication: int = 0
    day: int = 0

    def of(self, *purpose: str) -> np.random.Generator:
        """Return the stream of a purpose, from its beginning."""
        words = hashlib.sha256("\0".join(purpose).encode()).digest()
        key = (self.replication, self.day, *np.frombuffer(words[:16], dtype="<u4").tolist())
        return np.random.default_rng(np.random.SeedSequence(entropy=self.seed, spawn_key=key))
