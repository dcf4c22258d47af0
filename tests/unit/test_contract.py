"""What holds for every table of the contract, whoever adds one."""

from pathlib import Path

import pytest

from contract.model import load_contract
from contract.render import STAGING_FILE
from contract.staging import staged_models

DATES = ("date", "timestamp")


def test_every_date_that_may_be_empty_may_be_written_as_none():
    closed = [
        f"{table.name}.{column.name}"
        for table in load_contract().tables
        for column in table.columns
        if column.nullable and column.type in DATES and not column.open_dates
    ]

    assert closed == []


def test_every_first_or_last_day_that_must_be_told_may_be_written_as_open():
    closed = [
        f"{table.name}.{column.name}"
        for table in load_contract().tables
        for column in table.columns
        if table.kind != "E" and column.required and column.type == "date" and not column.open_dates
    ]

    # days on which something is due or a rate holds are never open
    assert closed == [
        "ftp_rate.rate_date", "fx_rate.rate_date", "calendar.calendar_date", "repayment_schedule.due_date",
    ]  # fmt: skip


def test_every_table_of_the_initial_load_is_checked_as_past_months():
    histories = [table for table in load_contract().tables if table.initial_only]

    assert {table.name for table in histories} == {"monthly_balance_history", "monthly_loan_history"}
    for table in histories:
        (month,) = (column for column in table.columns if column.month)
        assert table.history is not None and table.holds_balances
        assert (month.month, month.month_days, month.past, month.key) == (
            "first_day", "day_count", True, True,
        )  # fmt: skip


STAGED = """-- One row per registration.

with source as (

    select * from {{ source('core_banking', 'sales_registration') }}

),

renamed as (

    select
        -- ids
        registration_id,
        COLUMN,

        -- lineage
        source_file

    from source

)

select * from renamed
"""


def test_a_staged_column_is_described_as_the_contract_describes_it(tmp_path: Path):
    described = {
        "registered_at as registered_utc_at": ("registered_utc_at", "registered_at", "in UTC (登记时间)"),
        "{{ bank_local('revoked_at') }} as revoked_at": ("revoked_at", None, "in bank-local time (撤销时间)"),
        "nullif(trade_id, '') as sold_trade_id": ("sold_trade_id", "trade_id", ""),
    }
    for line, (name, source, said) in described.items():
        (tmp_path / "stg_one.sql").write_text(STAGED.replace("COLUMN", line), encoding="utf-8")

        (model,) = staged_models(load_contract(), tmp_path)

        assert model["name"] == "stg_one" and model["description"].startswith("One row per registration. (")
        first, column, last = model["columns"]
        assert (first["name"], last["name"]) == ("registration_id", "source_file")
        assert column["name"] == name and said in column["description"]
        assert column.get("config") == (source and {"meta": {"source_column": source}})


@pytest.mark.parametrize("line", ["1 as one", "case when true", "trade_number"])
def test_a_line_that_does_not_say_which_column_it_is_is_named(tmp_path: Path, line: str):
    (tmp_path / "stg_one.sql").write_text(STAGED.replace("COLUMN", line), encoding="utf-8")

    with pytest.raises(ValueError, match=rf"stg_one.sql: '{line}' does not say which column of sales_reg"):
        staged_models(load_contract(), tmp_path)


def test_every_column_of_a_staged_table_is_staged():
    for model in staged_models(load_contract(), STAGING_FILE.parent):
        names = {column["name"]: column for column in model["columns"]}
        sources = {
            column.get("config", {}).get("meta", {}).get("source_column", name)
            for name, column in names.items()
        }
        sql = (STAGING_FILE.parent / f"{model['name']}.sql").read_text(encoding="utf-8")
        (table,) = (table for table in load_contract().tables if f"'{table.name}')" in sql)
        assert set(table.column_names) <= sources, model["name"]
