"""dbt and Great Expectations load beside the stations before them."""

from concurrent.futures import CancelledError
from threading import Event
from unittest.mock import Mock

import pytest

from orchestration import loading
from orchestration.errors import BadBatchError, BuildError
from orchestration.loading import Loading
from orchestration.night import Run, planned_nights
from orchestration.settings import Settings
from orchestration.transform import Transform
from tests.unit.test_dagster_sensors import THURSDAY, land


@pytest.fixture
def settings(tmp_path):
    return Settings.load(tmp_path)


def test_a_station_does_not_wait_and_its_failure_ends_the_loading(settings, monkeypatch):
    dbt_may_load, imported = Event(), Mock()
    monkeypatch.setattr(loading, "Transform", lambda settings: dbt_may_load.wait(60))
    monkeypatch.setattr(loading, "_import_great_expectations", imported)
    # its files are missing
    land(settings, THURSDAY)
    run = Run(settings)

    with pytest.raises(BadBatchError):
        run.ingest(planned_nights(settings)[0])
    dbt_may_load.set()

    assert run.transform is True
    with pytest.raises(CancelledError):
        run._loading.wait_for_gates()
    imported.assert_not_called()


def test_both_are_there_after_a_station_that_ends_well(settings, monkeypatch):
    imported, dbt = Mock(), Mock(spec=Transform)
    monkeypatch.setattr(loading, "Transform", lambda settings: dbt)
    monkeypatch.setattr(loading, "_import_great_expectations", imported)

    begun = Loading(settings, with_dbt=True)
    with begun.beside():
        pass
    begun.wait_for_gates()

    assert begun.transform() is dbt
    imported.assert_called_once_with()


def test_what_cannot_be_loaded_fails_where_it_is_needed(settings, monkeypatch):
    monkeypatch.setattr(loading, "Transform", Mock(side_effect=BuildError("dbt cannot read the project")))
    monkeypatch.setattr(loading, "_import_great_expectations", Mock(side_effect=ImportError("no module")))

    begun = Loading(settings, with_dbt=True)
    with begun.beside():
        pass

    with pytest.raises(BuildError, match="cannot read"):
        begun.transform()
    with pytest.raises(ImportError, match="no module"):
        begun.wait_for_gates()


def test_a_scheduler_that_has_read_the_project_need_not_load_dbt(settings, monkeypatch):
    dbt = Mock(spec=Transform)
    monkeypatch.setattr(loading, "Transform", dbt)
    monkeypatch.setattr(loading, "_import_great_expectations", Mock())

    assert Loading(settings, with_dbt=False).transform() is None
    dbt.assert_not_called()
