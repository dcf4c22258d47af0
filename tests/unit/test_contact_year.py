"""A bank's year of contacts as published, generated and said back by the report."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from orchestration.errors import ConfigurationError
from orchestration.sampling import write_sample
from orchestration.settings import Settings
from sample_bank.delivery import Format
from sample_bank.generate import SampleSpec, generate_bank
from tests.support.models import Models

MODELS = [
    "int_contact__pressure_month",
    "int_contact__sending",
    "int_contact__pressure",
    "rpt_contact_pressure_yearly",
]
LAST_NIGHT = date(2026, 12, 31)
YEAR = SampleSpec(
    customers=25_000, months=0, nights=3, end=LAST_NIGHT, profile="fujian", written_as=Format(kind="parquet")
)


@pytest.fixture(scope="module")
def contacts(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """The contact log of three nights."""
    landing = tmp_path_factory.mktemp("year") / "landing"
    folders = generate_bank(YEAR.model_copy(update={"chunk_customers": 10_000}), landing)
    frames = []
    for folder in folders:
        day = date.fromisoformat(folder.parent.name.removeprefix("business_date="))
        told = pl.concat([pl.read_parquet(path) for path in sorted(folder.glob("contact_log*"))])
        frames.append(told.with_columns(pl.lit(day).alias("business_date")))
    return pl.concat(frames)


def report(contacts: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """The year's row of every channel, from the contacts that nights told."""
    connection = duckdb.connect()
    nights = sorted(contacts["business_date"].unique().to_list())
    models = Models(connection, MODELS)
    connection.execute("create schema pipeline")
    connection.execute(
        "create table pipeline.night (business_date date, sequence integer, has_state boolean)"
    )
    connection.execute("create table told as from contacts")
    for night, previous in zip(nights, [None, *nights], strict=False):
        connection.execute(
            """
            create or replace table stg.int_contact__log as
            select
                business_date, contact_id, customer_id, campaign_id, batch_id, channel as channel_code,
                sent_at, delivered as is_delivered
            from told where business_date <= $night
            """,
            {"night": night},
        )
        months = range(1, 13) if previous is None else [12]
        connection.execute(
            """
            create or replace table stg.int_calendar__computed_months as
            select make_date(2026, month, 1) as month_start_date, month = 12 as is_provisional
            from (select unnest($months) as month)
            """,
            {"months": list(months)},
        )
        models.build(business_date=str(night), previous_business_date=str(previous or ""))
        connection.execute("insert into pipeline.night values ($night, 1, true)", {"night": night})
    rows = connection.execute(
        "from customer.rpt_contact_pressure_yearly where month_start_date = date '2026-12-01'"
    ).pl()
    return {row["channel_code"]: row for row in rows.to_dicts()}


def test_the_report_says_the_published_year_back(contacts: pl.DataFrame) -> None:
    year = report(contacts)

    campaigns, messages = year["app"], year["sms"]
    assert (campaigns["campaign_cnt"], campaigns["contact_cnt"]) == (6_879, 98_090)
    # 98.09 million contacts, 5 to a person
    assert campaigns["customer_cnt"] == 19_618
    assert (campaigns["contact_avg_cnt"], campaigns["contact_max_cnt"]) == (Decimal(5), 156)
    assert (messages["batch_cnt"], messages["contact_cnt"]) == (3_623, 150_000)
    # more than 350 to one, 14 to a number: 150,000 / 10,714 = 14.000373
    assert (messages["contact_avg_cnt"], messages["contact_max_cnt"]) == (Decimal("14.000373"), 351)
    assert year["all"]["contact_cnt"] == 248_090
    # a cap of 10 contacts drops what customers get beyond it
    lengths = contacts.filter(channel="sms").group_by("customer_id").len()["len"]
    assert messages["dropped_10_cnt"] == sum(length - 10 for length in lengths if length > 10)


def test_contacts_are_spread_over_the_year_and_do_not_depend_on_chunks(
    contacts: pl.DataFrame, tmp_path: Path
) -> None:
    months = contacts.group_by(pl.col("sent_at").dt.month().alias("month")).len()
    assert set(months["month"]) == set(range(1, 13))
    assert contacts["contact_id"].n_unique() == len(contacts)
    # the customer who is contacted most hears of 156 campaigns, not of one 156 times
    assert contacts.group_by("customer_id", "campaign_id").len().filter(pl.col("campaign_id").is_not_null())[
        "len"
    ].max() == 1  # fmt: skip
    generate_bank(YEAR, tmp_path / "whole")
    whole = pl.concat([pl.read_parquet(path) for path in sorted((tmp_path / "whole").rglob("contact_log*"))])
    assert whole.sort("contact_id").equals(contacts.drop("business_date").sort("contact_id"))


def test_a_bank_that_is_too_small_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"--profile fujian: 19,618 .* Raise --customers\.$"):
        write_sample(Settings.load(tmp_path), YEAR.model_copy(update={"customers": 10_000}))
