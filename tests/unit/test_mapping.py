"""A bank's own names: files read by mapping.yml go on in the contract's columns, exactly."""

from decimal import Decimal

import duckdb
import pytest

from orchestration.errors import BadBatchError, ConfigurationError
from orchestration.ingestion.ingest import ingest_batch
from orchestration.ingestion.lake import table_files
from orchestration.ingestion.mapping import Mapping, load_mapping
from tests.support.handmade import BATCH, CSV, Delivery

OWN = """
tables:
  customer:
    files: ["CIF_*.txt"]
    columns:
      customer_id: CIFNO
      customer_type: {from: CUSTTYP, codes: {01: P, "*": C}}
      customer_name: {from: 户名}
      first_open_date: {from: OPNDT, date: "%Y%m%d", empty: ["00000000"]}
      home_org_id: {from: BRNO}
      status: {constant: active}
      birth_date: {from: BRTH, date: "%d/%m/%Y", empty: ["00/00/0000"]}
"""
BALANCES = """
tables:
  deposit_balance:
    names: [账号, 余额, 利息, 年利率, 备注]
    columns:
      account_id: 账号
      balance: {from: 余额, divide_by: 100}
      accrued_interest: {from: 利息, decimal: ",", thousands: "."}
      interest_rate: {from: 年利率, divide_by: 100}
"""


def with_mapping(home, text):
    delivery = Delivery(home)
    (home / "mapping.yml").write_text(text, encoding="utf-8")
    return delivery


def rows(delivery, table, columns):
    files = table_files(delivery.settings, table, BATCH)
    names = ", ".join(f"'{file}'" for file in files)
    return duckdb.execute(f"select {columns} from read_parquet([{names}]) order by source_row").fetchall()


def test_a_file_of_a_core_system_is_read_by_its_own_names(tmp_path):
    delivery = with_mapping(tmp_path, OWN)
    content = (
        "BRNO|CIFNO|custtyp|户名|OPNDT|BRTH|FILLER\n"
        "0001|0009|01|王|20200131|31/12/1980|x\n"
        "0001|0010|07|厂|20260229|00/00/0000|x\n"
        "0001|0011|07|厂|20260228|00/00/0000|x\n"
    )
    layout = CSV | {"delimiter": "|", "header": True, "encoding": "gb18030"}
    delivery.files("customer", [("c.txt", content.encode("gb18030"))], row_count=3, layout=layout)
    report = ingest_batch(delivery.send().settings, BATCH)

    columns = "customer_id, customer_type, customer_name, cast(first_open_date as varchar)"
    assert rows(delivery, "customer", columns + ", cast(birth_date as varchar), status, gender") == [
        ("0009", "P", "王", "2020-01-31", "1980-12-31", "active", None),
        ("0011", "C", "厂", "2026-02-28", None, "active", None),
    ]
    # a day that the calendar does not have is refused, not moved to another
    assert report.tables["customer"].quarantined == {"value_not_parsed": 1}
    assert report.unknown_columns == {}


def test_numbers_keep_every_digit(tmp_path):
    delivery = with_mapping(tmp_path, BALANCES)
    content = '1,5,"1.234,50",2.5,x\n2,-12345678901234567,,1.98,x\n3,1.5.2,,,x\n4,0,,120,x\n'
    delivery.files(
        "deposit_balance",
        [("b.csv", content.encode())],
        row_count=4,
        control_sums={"interest_rate": "1.2448"},
    )
    report = ingest_batch(delivery.send().settings, BATCH)

    assert rows(delivery, "deposit_balance", "account_id, balance, accrued_interest, interest_rate") == [
        ("1", Decimal("0.05"), Decimal("1234.50"), Decimal("0.025000")),
        ("2", Decimal("-123456789012345.67"), None, Decimal("0.019800")),
        ("4", Decimal("0.00"), None, Decimal("1.200000")),
    ]
    assert report.tables["deposit_balance"].quarantined == {"value_not_parsed": 1}


def test_a_column_that_the_file_lacks_is_named_in_one_line(tmp_path):
    delivery = with_mapping(tmp_path, OWN)
    layout = CSV | {"header": True}
    delivery.files("customer", [("c.txt", b"CIFNO,CUSTTYP\n1,01\n")], row_count=1, layout=layout)
    with pytest.raises(BadBatchError) as refused:
        ingest_batch(delivery.send().settings, BATCH)

    (fault,) = refused.value.faults
    assert (fault.check_code, fault.table, fault.file) == ("column_missing", "customer", "c.txt")
    assert fault.what == "the columns 户名, brth, opndt, brno are missing in the file"
    assert fault.remedy == "Mend mapping.yml, or have the file sent again as it says"


def test_a_file_without_header_needs_the_names_of_its_columns(tmp_path):
    delivery = with_mapping(tmp_path, OWN)
    delivery.files("customer", [("c.txt", b"1,01\n")], row_count=1)
    with pytest.raises(BadBatchError) as refused:
        ingest_batch(delivery.send().settings, BATCH)

    assert [fault.check_code for fault in refused.value.faults] == ["column_missing"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tables: {clients: {}}", "'clients' is not a table"),
        ("tables: {org: {columns: {orgid: A}}}", "'orgid' is not a column"),
        ("tables: {org: {columns: {org_id: {from: A, constant: B}}}}", "either 'from' or 'constant'"),
        ("tables: {org: {columns: {org_id: {from: A, date: '%Y'}}}}", "only a date"),
        ("tables: {org: {columns: {org_id: {from: A, divide_by: 100}}}}", "only a number"),
        ("tables: {deposit_balance: {columns: {balance: {from: A, divide_by: 3}}}}", "power of ten"),
        ("tables: {org: {names: [A], columns: {org_id: B}}}", "not among 'names'"),
        ("tables: {org: {format: {delimeter: ';'}}}", "'delimeter' is not one of"),
        ("tables: [", "mapping.yml"),
    ],
)
def test_a_wrong_mapping_is_refused_in_one_line(tmp_path, text, told):
    delivery = with_mapping(tmp_path, text)
    with pytest.raises(ConfigurationError) as refused:
        load_mapping(delivery.settings)
    assert told in str(refused.value) and "\n" not in str(refused.value)


def test_files_are_known_by_their_patterns():
    mapping = Mapping.model_validate({"tables": {"customer": {"files": ["cif_*.txt"]}}})
    assert mapping.table_of_file("CIF_20261031.TXT") == "customer"
    assert mapping.table_of_file("ACC_20261031.txt") is None
