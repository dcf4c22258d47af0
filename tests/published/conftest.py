"""One generated bank, run through its nights once; tests that change it take a copy."""

import fcntl
import os
from datetime import date

import pytest

from orchestration.night import run_waiting
from orchestration.settings import Settings
from sample_bank.generate import SampleSpec, generate_bank
from tests.support.warehouse import Warehouse

TOWN = SampleSpec(customers=300, months=4, nights=3, end=date(2026, 10, 31))


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A bank of 300 customers, two nights published and one waiting; tests only read it."""
    is_shared = "PYTEST_XDIST_WORKER" in os.environ
    folder = tmp_path_factory.getbasetemp().parent if is_shared else tmp_path_factory.getbasetemp()
    warehouse, done = Warehouse(folder / "town"), folder / "town.done"
    # the first worker of the test run makes it, the others wait
    with (folder / "town.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            before = os.umask(0o077)
            generate_bank(TOWN, warehouse.home / "landing")
            run_waiting(Settings.load(warehouse.home), until=TOWN.timeline.nights[-2])
            os.umask(before)
            done.touch()
    return warehouse
