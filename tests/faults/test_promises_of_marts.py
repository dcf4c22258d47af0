"""A row that is there twice is never published, whichever mart it is of."""

import duckdb
import pytest

from orchestration.errors import ExitCode, NotFitToPublishError
from orchestration.settings import Settings
from orchestration.stations import Event
from tests.faults.delivered import Delivered
from tests.support.quick_build import run_quickly
from tests.support.warehouse import tree_hashes


def test_gate_2_stops_a_double_row_and_names_table_key_and_rule(batch: Delivered, settings: Settings) -> None:
    assert batch.folder.exists()
    published = tree_hashes(settings.published)

    def spoil(event: Event) -> None:
        if (event.station, event.detail) == ("gate 2", ""):
            with duckdb.connect(str(settings.database)) as connection:
                # a report that no suite written by hand reads
                connection.execute(
                    "insert into customer_value.rpt_aum_concentration"
                    " from customer_value.rpt_aum_concentration where month_start_date = date '2026-01-01'"
                )

    with pytest.raises(NotFitToPublishError) as caught:
        run_quickly(settings, on_event=spoil)

    (line,) = str(caught.value).splitlines()
    assert line.startswith("rpt_aum_concentration · month_start_date, cut_code · mart_key_not_unique: ")
    assert "first month_start_date = 2026-01-01, cut_code = " in line
    assert caught.value.exit_code == ExitCode.NOT_FIT_TO_PUBLISH
    assert tree_hashes(settings.published) == published
