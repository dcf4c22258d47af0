"""Every column has a class of personal financial information; published ones follow from the contract."""

import pytest
from pydantic import ValidationError

from contract.classes import level_of, most_sensitive
from contract.model import Column, load_contract
from orchestration.publication.classes import pfi_classes
from orchestration.publication.schema import agreed_schema
from orchestration.releases.marts import Mart, MartColumn


def mart(*columns: MartColumn | str) -> Mart:
    told = tuple(MartColumn(name=column) if isinstance(column, str) else column for column in columns)
    return Mart(schema_name="s", name="t", grain=(told[0].name,), columns=told)


def test_a_column_without_a_class_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"pfi\n  Field required"):
        Column.model_validate({"name": "c", "type": "text", "zh": "", "about": ""})
    with pytest.raises(ValidationError, match="'C1', 'C2' or 'C3'"):
        Column.model_validate({"name": "c", "type": "text", "zh": "", "about": "", "pfi": "C4"})


def test_a_private_column_is_sensitive() -> None:
    told = {"name": "phone", "type": "text", "zh": "", "about": "", "private": "number"}
    with pytest.raises(ValidationError, match="phone: a private column is of class C2 or C3"):
        Column.model_validate({**told, "pfi": "C1"})


def test_what_is_delivered_of_persons_has_the_classes_of_the_standard() -> None:
    contract = load_contract()
    wanted = {
        ("customer", "cert_no"): "C2", ("customer", "mobile"): "C2", ("deposit_balance", "balance"): "C2",
        ("transaction", "amount"): "C2", ("loan", "principal"): "C2", ("account", "open_date"): "C1",
        ("customer", "home_org_id"): "C1", ("card", "expiry_date"): "C3", ("employee", "post"): "staff",
        ("product", "product_name"): "none",
    }  # fmt: skip
    for (table, column), pfi in wanted.items():
        assert contract.table(table).column(column).pfi == pfi, (table, column)
    # what names a customer or what he has is never less than that
    for table in contract.tables:
        for column in table.columns:
            if column.private or column.name == "customer_id":
                assert column.pfi == "C2", (table.name, column.name)


def test_published_columns_follow_from_the_contract() -> None:
    of_customers = pfi_classes(
        mart(
            "customer_id", "org_id", "manager_id", "card_expiry_date", "aum_amt", "month_start_date",
            MartColumn(name="account_id", privacy="hash"), MartColumn(name="tier_code", pfi="C1"),
        )
    )  # fmt: skip
    assert of_customers == {
        "customer_id": "C2", "org_id": "C1", "manager_id": "staff", "card_expiry_date": "C3", "aum_amt": "C2",
        "month_start_date": "C2", "account_id": "C2", "tier_code": "C1",
    }  # fmt: skip
    assert set(pfi_classes(mart("main_employee_id", "sales_amt")).values()) == {"staff"}
    assert set(pfi_classes(mart("org_id", "aum_amt", "customer_cnt")).values()) == {"none"}
    assert pfi_classes(mart("household_id", "aum_amt"))["aum_amt"] == "C2"


def test_levels_are_the_tables_or_follow_from_the_person() -> None:
    assert [level_of(pfi, "general") for pfi in ("none", "staff", "C1", "C2", "C3")] == [
        "general", "general", "general", "sensitive", "sensitive",
    ]  # fmt: skip
    assert level_of("none", "core") == "core"
    assert level_of("C3", "important") == "important"
    assert most_sensitive("C1", "staff", "C2", "none") == "C2"


def test_the_agreed_schema_says_it_of_every_column() -> None:
    tables = agreed_schema().tables
    assert tables["customer.dim_customer_360"].columns["next_card_expiry_date"].pfi == "C3"
    assert tables["workbench.feed_calendar"].columns["due_date"].pfi == "C3"
    for name, table in tables.items():
        if name.startswith("rules."):
            assert {column.pfi for column in table.columns.values()} == {"none"}, name
        if "customer_id" in table.columns:
            assert "none" not in {column.pfi for column in table.columns.values()}, name
