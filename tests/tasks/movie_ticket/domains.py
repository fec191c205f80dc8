"""The domains that tests run on: our own always, the published one where its files are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dqn_fast.tasks.movie_ticket import DialogDomain, read_domain
from dqn_fast.tasks.movie_ticket.domain_files import OWN

#: Folder with the files of TC-Bot and GO-Bot-DRL; they are not ours to ship.
PUBLISHED = Path(os.environ.get("DQN_FAST_MOVIE_DATA", ""))
has_published = "DQN_FAST_MOVIE_DATA" in os.environ


def domain_of(name: str) -> DialogDomain:
    if name == "own":
        return read_domain(OWN)
    if not has_published:
        pytest.skip("DQN_FAST_MOVIE_DATA names no folder with the published files")
    return read_domain(PUBLISHED)


each_domain = pytest.mark.parametrize("name", ["own", "published"])
