"""How kernels are compiled: by Numba, kept on disk, without the interpreter's lock.

A kernel is plain Python over NumPy arrays. ``compiled`` hands it to Numba; with ``NUMBA_DISABLE_JIT=1`` in the
environment the same functions run as they stand, and give the same bits, since nothing in them may be reordered
(no fast-math, no parallel sums).

The machine code is kept in ``__pycache__`` beside the source, or in the person's own cache folder where that cannot be
written. Whoever first uses a kernel after a change waits for its compiler: about a second for a plain queue, some
seconds for a hall; ``riverloop.core.queueing.warming`` does that ahead of time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Truths = NDArray[np.bool_]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compile a kernel when it is first called, and keep its machine code on disk."""
    return cast("_Function", njit(cache=True, nogil=True, error_model="numpy")(function))
