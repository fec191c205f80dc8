"""Both transports for every test of the loop: one thread by default, and Ray where `-m ray` asks for it.

Ray's servers listen beyond loopback, so these tests run in a network of their own that has nothing else:
`unshare -rn bash -c 'ip link set lo up && pytest -m ray'`. One cluster serves them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("torch")

from distributed.support import OnCluster, Transports
from loopback import require_loopback_alone

from dqn_fast.distributed import OneThread, RayTransport


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    pytest.importorskip("ray")
    require_loopback_alone()
    transport = RayTransport("local", 8, object_store=200_000_000)
    yield transport, []
    transport.close()


@pytest.fixture(params=["one thread", pytest.param("ray", marks=pytest.mark.ray)])
def transports(request: pytest.FixtureRequest) -> Transports:
    make: Callable[[], Any] = OneThread
    if request.param == "ray":
        shared = request.getfixturevalue("cluster")
        make = lambda: OnCluster(*shared)  # noqa: E731
    return Transports(make)
