"""How kernels are compiled: by Numba, kept on disk, without the interpreter's lock.

A kernel is plain Python over NumPy arrays. ``compiled`` hands it to Numba; with ``NUMBA_DISABLE_JIT=1`` in the
environment the same functions run as they stand, and give the same bits, since nothing in them may be reordered
(no fast-math, no parallel sums).

The machine code is kept in ``__pycache__`` beside the source, or in the person's own cache folder where that cannot be
written, under a digest of these sources: Numba itself looks only at the file of a function, and would keep what a
changed function of another file had been compiled into. Whoever first uses a kernel after a change waits for its
compiler: about a second for a plain queue, some seconds for a hall; ``riverloop.core.queueing.warming`` does that ahead
of time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Truths = NDArray[np.bool_]

_settings: Any = numba.config
_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compile a kernel when it is first called, and keep its machine code on disk."""
    return cast("_Function", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def _cache_folder() -> Path:
    """Return where machine code of exactly these sources is kept."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for source in sorted(here.glob("*.py")):
        digest.update(source.read_bytes())
    chosen = _settings.CACHE_DIR or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    if not _settings.CACHE_DIR and os.access(here, os.W_OK):
        chosen = here / "__pycache__"
    return Path(chosen) / f"riverloop-{digest.hexdigest()[:16]}"


_settings.CACHE_DIR = str(_cache_folder())
