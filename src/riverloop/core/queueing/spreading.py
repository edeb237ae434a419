"""Where replications run: here, on all cores of this machine, or on a Dask cluster. The answer is the same bits.

A *spread* takes a function and tasks, and gives their results in the order of the tasks.
"""

from __future__ import annotations

import logging
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeVar

from riverloop.core.kernel.words import N_
from riverloop.core.queueing.refusals import ScenarioError

_Result = TypeVar("_Result")

Backend = Literal["loky", "dask", "threads"]


class Spread(Protocol):
    """Calls a function for every task."""

    def __call__(self, function: Callable[..., _Result], tasks: Sequence[tuple[Any, ...]]) -> Iterator[_Result]:
        """Give the results in the order of the tasks."""
        ...


def in_turn(function: Callable[..., _Result], tasks: Sequence[tuple[Any, ...]]) -> Iterator[_Result]:
    """Run the tasks in this process, one after the other."""
    for task in tasks:
        yield function(*task)


@dataclass(frozen=True, slots=True)
class Workers:
    """Runs tasks through joblib.

    Args:
        backend: ``loky`` (processes of this machine), ``threads`` (of this process; kernels run without its lock) or
            ``dask``.
        jobs: how many at once; -1 for as many as there are cores.
        cluster: address of a Dask scheduler (``tcp://host:8786``); empty for a cluster on this machine.
    """

    backend: Backend = "loky"
    jobs: int = -1
    cluster: str = ""

    def __call__(self, function: Callable[..., _Result], tasks: Sequence[tuple[Any, ...]]) -> Iterator[_Result]:
        """Give the results in the order of the tasks."""
        # Slow to import, and small runs never need it.
        from joblib import Parallel, delayed, parallel_config  # noqa: PLC0415

        with self._backend() as backend, parallel_config(backend=backend, n_jobs=self.jobs), warnings.catch_warnings():
            # One that has grown is replaced by another, and what it was given is done all the same.
            warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
            parallel = Parallel(return_as="generator", batch_size=1)
            yield from parallel(delayed(function)(*task) for task in tasks)

    @contextmanager
    def held(self) -> Iterator[Workers]:
        """Hold a cluster of this machine for several calls, so that it starts once."""
        if self.backend != "dask" or self.cluster:
            yield self
            return
        with _cluster_here(None if self.jobs < 0 else self.jobs) as cluster:
            yield replace(self, cluster=cluster.scheduler_address)

    @contextmanager
    def _backend(self) -> Iterator[str]:
        """Hold a cluster as long as it is needed."""
        if self.backend != "dask":
            yield "threading" if self.backend == "threads" else self.backend
            return
        if not self.cluster:
            with self.held() as held, held._backend() as backend:  # noqa: SLF001 - its own
                yield backend
            return
        with _connected(_distributed(), self.cluster) as client:
            _await_workers(client, self.cluster)
            yield "dask"


@contextmanager
def held(spread: Spread) -> Iterator[Spread]:
    """Hold what a spread needs for several calls: a cluster of this machine starts once."""
    if not isinstance(spread, Workers):
        yield spread
        return
    with spread.held() as workers:
        yield workers


def _distributed() -> Any:
    try:
        import distributed  # noqa: PLC0415 - an extra, which most do without
    except ImportError:
        raise ScenarioError(
            "scenario.dask", N_("The backend dask is not installed. Install it: pip install 'riverloop[dask]'.")
        ) from None
    return distributed


@contextmanager
def _cluster_here(workers: int | None) -> Iterator[Any]:
    with _not_interrupted():
        cluster = _distributed().LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
        )
    with cluster:
        yield cluster


@contextmanager
def _not_interrupted() -> Iterator[None]:
    """Start processes that leave Ctrl+C to this one, which ends them; what ignores it passes that on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _await_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=_WORKER_SECONDS)
    except TimeoutError:
        raise ScenarioError(
            "scenario.cluster",
            N_("The Dask scheduler at {address} has no workers. Start some: dask worker {address}."),
            address=address,
        ) from None


_WORKER_SECONDS = 20


def _connected(distributed: Any, address: str) -> Any:
    try:
        return distributed.Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise ScenarioError(
            "scenario.cluster",
            N_("No Dask scheduler answers at {address} ({detail}). Check the address: tcp://host:8786."),
            address=address,
            detail=str(error).splitlines()[0] if str(error) else type(error).__name__,
        ) from None
