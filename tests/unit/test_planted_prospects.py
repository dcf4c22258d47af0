"""What is counted of the prospect list and of supply chains, by hand, and a whole run of a tiny bank."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from benchmarks import generated_nights
from benchmarks.generated_nights import FewNights, Figure, write_section
from benchmarks.prospects import link_figures, measure, prospect_figures


def test_precision_is_of_as_many_as_are_strong_and_noise_is_named() -> None:
    found = pl.DataFrame(
        {
            "kind_code": ["strong", "small", "unplanted", "strong", "once"],
            "org_rank_no": [1, 2, 1, 11, 3],
        }
    )
    planted = pl.DataFrame({"kind_code": ["strong", "strong", "strong", "small", "once", "stopped"]})

    figures = {each.what: (each.held, each.of) for each in prospect_figures(found, planted)}

    # three are strong, so that the first three count: one of them is
    assert figures["strong among the first 3 (precision)"] == (1, 3)
    assert figures["of all strong companies"] == (1, 3)
    # the second strong one is the eleventh of its org
    assert figures["strong among the first 10 of each org"] == (1, 4)
    assert figures["among the first 3 though small"] == (1, 1)
    assert figures["among the first 3 though stopped"] == (0, 1)
    assert figures["among the first 3 though nobody planted them"] == (1, 1)


def test_links_are_found_missed_and_made_up() -> None:
    links = pl.DataFrame(
        [("A", "B", True, False), ("C", "D", True, True), ("E", "F", False, True), ("X", "Y", False, True)],
        schema=["payer_customer_id", "payee_customer_id", "is_declared", "is_inferred"],
        orient="row",
    )
    declared = pl.DataFrame({"customer_id": ["A", "C"], "other_id": ["B", "D"]})
    payers = pl.DataFrame(
        [("E", "F", "supplier", 250), ("G", "H", "supplier", 60), ("I", "J", "small", 5)],
        schema=["customer_id", "other_id", "kind_code", "size"],
        orient="row",
    )

    figures = {each.what: (each.held, each.of) for each in link_figures(links, declared, payers)}

    assert figures["declared chains that are links"] == (2, 2)
    assert figures["declared chains that payments tell, too"] == (1, 2)
    assert figures["undeclared suppliers that are inferred (recall)"] == (1, 2)
    assert figures["… of what the payer has and gets, 4 to 10 % a month"] == (0, 1)
    assert figures["… of what the payer has and gets, 20 to 40 % a month"] == (1, 1)
    # X pays Y though nobody planted it
    assert figures["inferred links, not declared, that are suppliers (precision)"] == (1, 2)
    assert figures["inferred though small"] == (0, 1)


def test_a_tiny_bank_of_four_months_is_measured(tmp_path: Path) -> None:
    spec = FewNights(customers=400, months=1, night_months=4, a_month=1, end=date(2026, 10, 30))
    assert [str(night) for night in spec.timeline.nights] == [
        "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-30",
    ]  # fmt: skip

    prospects, links = measure(spec, tmp_path)

    # two blocks of neighbours with four strong companies each
    assert prospects[0].of == prospects[1].of == 8
    assert prospects[0].held >= 4
    told, _, suppliers, *_ = links
    assert (told.held, told.of) == (told.of, told.of) and told.of > 10
    assert suppliers.of == 8 and suppliers.held > 0


def test_a_section_of_the_document_is_written_over(tmp_path: Path) -> None:
    document = tmp_path / "FOUND.md"
    document.write_text("# Found\n<!-- one -->\nold\n<!-- end of one -->\nafter\n")

    write_section("one", ["new", "lines"], document)

    assert document.read_text() == "# Found\n<!-- one -->\nnew\nlines\n<!-- end of one -->\nafter\n"
    with pytest.raises(ValueError, match="FOUND"):
        write_section("two", [], document)


def test_shares_of_nothing_are_not_told() -> None:
    assert Figure("", 0, 0).share == "–"
    assert Figure("", 1, 3).share == "33.3%"
    assert generated_nights.rows_of("x", [Figure("y", 1, 2)])[-1] == "| y | 1 | 2 | 50.0% |"
