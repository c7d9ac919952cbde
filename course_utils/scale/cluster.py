"""Calls of one function spread over a cluster of Dask, or over worker processes of this machine.

Introduced in lesson 12.
"""

import asyncio
import logging
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from course_utils.arguments import whole_number
from course_utils.errors import CourseError, shown
from course_utils.scale import extras

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["ADDRESS", "connected", "on_every_worker", "spread_calls", "where"]

ADDRESS = "COURSE_CLUSTER"
"""Variable with the address of the cluster over which `experiment --cluster` spreads its runs."""

_LOCAL = re.compile(r"local:(\d+)")
_REMOTE = re.compile(r"(tcp|tls)://.+:(\d+)")
_MOST_LOCAL = 64
_HIGHEST_PORT = 65_535
_SECONDS_TO_CONNECT = 20
_SECONDS_FOR_A_WORKER = 120  # those of a queue begin one after the other


def where(address: object) -> str:
    """Gives the address of a cluster if it has the form of one. Introduced in lesson 12.

    Args:
        address: "local:2" for two worker processes on this machine, each with one run at a time, or that of a
            scheduler of Dask, such as "tcp://10.0.0.5:8786".

    Returns:
        The address; one without "tcp://" gets it.

    Raises:
        CourseError: it has neither form, asks for more than 64 processes, has no possible port, or Dask is
            not installed.
    """
    if not isinstance(address, str) or not address:
        raise CourseError(
            f"cluster is {shown(address)}: expected local:2 or an address such as tcp://10.0.0.5:8786."
        )
    if local := _LOCAL.fullmatch(address):
        whole_number("the number of workers in --cluster local:N", int(local[1]), at_most=_MOST_LOCAL)
    else:
        address = address if "://" in address else f"tcp://{address}"
        remote = _REMOTE.fullmatch(address)
        if not remote:
            raise CourseError(
                f"cluster is {shown(address)}: expected local:2 for two processes on this machine, or the "
                "address that a scheduler of Dask prints, such as tcp://10.0.0.5:8786."
            )
        whole_number(f"the port of --cluster {address}", int(remote[2]), at_most=_HIGHEST_PORT)
    if not extras.scale.installed():
        raise CourseError(f"a cluster needs a package more. {extras.scale.absent}")
    return address


@contextmanager
def connected(address: str) -> Iterator["Client"]:
    """Connects to a cluster, or starts one for as long as the `with` block lasts. Introduced in lesson 12.

    Local workers compute with as many threads as this process would: another number rounds in other places,
    and a training makes another one of it.

    Dask moves functions by pickle: who can reach a scheduler can run programs on its workers. A local one
    listens on 127.0.0.1 alone.

    Args:
        address: str, as for :func:`where`.

    Yields:
        distributed.Client that has a worker at least.

    Raises:
        CourseError: the address has no such form, nobody answers there, or no worker has come.
    """
    address = where(address)
    import dask
    from distributed import Client, LocalCluster

    # Its handlers are told by `silence_logs`, not those that other libraries have put at the root.
    logging.getLogger("distributed").setLevel(logging.ERROR)
    local = _LOCAL.fullmatch(address)
    # Variables that Dask would set for local workers, such as one thread for matrix products.
    with warnings.catch_warnings(), dask.config.set({"distributed.nanny.pre-spawn-environ": {}}):
        # About a port for the dashboard that is taken, and versions that are compared below.
        warnings.simplefilter("ignore")
        if local:
            started = LocalCluster(
                n_workers=int(local[1]),
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                silence_logs="ERROR",
            )
            with started, Client(started) as client:
                yield client
            return
        _knock(address)
        client = Client(address, timeout=_SECONDS_TO_CONNECT)
    with client:
        try:
            client.wait_for_workers(1, timeout=_SECONDS_FOR_A_WORKER)
        except TimeoutError:
            raise CourseError(
                f"cluster {address}: the scheduler answers, and no worker has come. Start one with `dask "
                f"worker {address} --nthreads 1`."
            ) from None
        yield client


def _knock(address: str) -> None:
    """Fails unless a scheduler answers; a client waits for ever where something else listens."""
    from distributed import Security
    from distributed.comm import connect

    settings = Security().get_connection_args("client")
    if address.startswith("tls") and not settings["ssl_context"]:
        raise CourseError(
            f"cluster {address}: Dask has no certificates here. Name them in its settings, "
            "`distributed.comm.tls`, or give the address of a scheduler without TLS, which begins with tcp://."
        )

    async def knock() -> None:
        connection = connect(address, timeout=_SECONDS_TO_CONNECT, **settings)
        await (await asyncio.wait_for(connection, _SECONDS_TO_CONNECT)).close()

    try:
        with ThreadPoolExecutor(1) as beside:  # a notebook has a loop of its own in this thread
            beside.submit(asyncio.run, knock()).result()
    except Exception:  # whoever listens there may say anything, which Dask fails to read in as many ways
        raise CourseError(
            f"cluster {address}: no scheduler of Dask answered within {_SECONDS_TO_CONNECT} seconds. Start "
            "`dask scheduler` there, or look at the address that it prints."
        ) from None


def on_every_worker(client: "Client", function: Callable[[], Mapping]) -> dict:
    """Gives what every worker says of itself, where all say the same. Introduced in lesson 12.

    Args:
        client: as :func:`connected` yields it.
        function: of no arguments, from a module that workers can import; returns a mapping.

    Returns:
        dict, what all returned.

    Raises:
        CourseError: two workers differ, with their addresses and in what.
    """
    (first, expected), *others = client.run(function).items()
    for worker, found in others:
        different = [key for key in expected if found.get(key) != expected[key]]
        if different or found.keys() != expected.keys():
            raise CourseError(
                f"worker {worker} has another {', '.join(different) or 'answer'} than worker {first}: "
                f"{shown([found.get(key) for key in different])} for "
                f"{shown([expected[key] for key in different])}. A record names one kind of machine: start "
                "workers of one kind."
            )
    return dict(expected)


def spread_calls(
    client: "Client", function: Callable, calls: Sequence[tuple]
) -> Iterator[tuple[tuple, object]]:
    """Calls a function on the workers, each call on whichever is free. Introduced in lesson 12.

    A call whose worker is lost is made again on another one; results that have come are kept here.

    Args:
        client: as :func:`connected` yields it.
        function: from a module that workers can import.
        calls: tuples of its arguments.

    Yields:
        tuple (arguments, what the function returned), in the order in which they are ready.

    Raises:
        Exception: what the function raised there. Calls that have not begun are then given up.
    """
    from distributed import as_completed

    futures = {client.submit(function, *call, pure=False): call for call in calls}
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        client.cancel([future for future in futures if not future.done()])
