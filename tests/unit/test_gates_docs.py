import re
from pathlib import Path

import pytest

from expectations import gate
from expectations.check import FailingRows, Suite
from expectations.docs import write_data_docs
from orchestration.sql import Sql
from tests.unit.gate_bank import LakeNight


@pytest.fixture
def night(tmp_path: Path) -> LakeNight:
    return LakeNight(tmp_path)


def pages(night: LakeNight) -> dict[str, str]:
    folder = night.settings.quality / "docs"
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.html")
    }


def test_pages_load_nothing_and_link_to_each_other(night: LakeNight) -> None:
    report = night.write()
    night.screen()
    outcome = night.gate(report)
    assert not (night.settings.quality / "docs").exists()

    index = write_data_docs(night.settings, night.batch, [outcome])

    found = pages(night)
    assert len(found) == len(outcome.validations) + 1
    for name, content in found.items():
        assert "<script" not in content
        assert "url(" not in content
        assert "://" not in content
        for target in re.findall(r'(?:href|src)="([^"#]+)"', content):
            assert ((index.parent / name).parent / target).resolve().is_file(), f"{name} links to {target}"
    page = found["fit_to_load/lake.customer.html"]
    assert "Two rows of a batch have the same key" in page
    assert "0 of 2" in page


def test_a_shut_gate_leaves_pages_that_say_why_and_show_no_value(night: LakeNight) -> None:
    night.tables["customer"][1] |= {"customer_id": "C1", "customer_name": "SECRET", "cert_no": "N1"}
    report = night.write()

    assert night.gate(report).faults

    found = pages(night)
    assert "fit_to_load: shut" in found["index.html"]
    assert "key_not_unique" in found["index.html"]
    for content in found.values():
        assert "SECRET" not in content
        assert "N1" not in content
        assert "An unexpected Exception" not in content


def test_an_exception_that_quotes_a_value_does_not_show_it(
    night: LakeNight,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    report = night.write()
    broken = FailingRows(check_code="arrival", table="org", query=Sql("select 1, cast('SECRET' as int)"))
    monkeypatch.setattr(gate.tonight, "refused_suite", lambda *_: Suite("lake_raw", "org", [broken]))

    outcome = night.gate(report)

    assert [fault.check_code for fault in outcome.faults] == ["check_not_run"]
    assert "The check raised an exception" in pages(night)["fit_to_load/lake_raw.org.html"]
    said = [*capfd.readouterr(), *(r.getMessage() for r in caplog.records if r.levelname != "DEBUG")]
    for content in [*pages(night).values(), *map(str, outcome.faults), *said]:
        assert "SECRET" not in content


def test_the_same_results_give_the_same_pages(night: LakeNight) -> None:
    report = night.write()
    outcome = night.gate(report)
    write_data_docs(night.settings, night.batch, [outcome])
    first = pages(night)

    again = night.gate(report)
    write_data_docs(night.settings, night.batch, [again])

    assert pages(night) == first
