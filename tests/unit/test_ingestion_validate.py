"""What a sender is told about a delivery before it is sent."""

from orchestration.ingestion.validate import validate_folder
from tests.support.handmade import CONTRACT, CSV, Delivery, sample_row


def findings_of(delivery):
    found = validate_folder(delivery.send().folder, delivery.settings)
    assert sorted(path.name for path in delivery.settings.home.iterdir()) == ["landing"]
    return [
        (f.severity, f.fault.check_code, f.fault.table, f.fault.file, f.fault.row, f.count) for f in found
    ]


def test_a_correct_delivery_has_no_findings(tmp_path):
    assert findings_of(Delivery(tmp_path)) == []


def test_a_folder_anywhere_may_be_validated(tmp_path):
    delivery = Delivery(tmp_path).send()
    elsewhere = tmp_path / "draft"
    delivery.folder.rename(elsewhere)
    assert validate_folder(elsewhere, delivery.settings) == []


def test_a_bad_manifest_ends_it(tmp_path):
    delivery = Delivery(tmp_path)
    delivery.manifest["sequence"] = 0
    assert [finding[:2] for finding in findings_of(delivery)] == [("block", "manifest_unreadable")]


def test_first_place_and_count_of_each_rule(tmp_path):
    delivery = Delivery(tmp_path)
    rows = [[f"{i:05d}", "1.00" if i else "x", None, None] for i in range(1000)]
    delivery.rows("deposit_balance", rows)
    org = CONTRACT.table("org")
    bad = [sample_row(org, org_id=f"{n}", org_level="x") for n in (2, 3)]
    delivery.rows("org", [sample_row(org), *bad, ["short"]])
    assert findings_of(delivery) == [
        # one bad row of a small table is let through, two are not
        ("quarantine", "row_shape", "org", "org-0001.csv", 4, 1),
        ("block", "value_not_in_list", "org", "org-0001.csv", 2, 2),
        ("quarantine", "value_not_parsed", "deposit_balance", "deposit_balance-0001.csv", 1, 1),
    ]


def test_repeated_keys_unknown_columns_and_tables(tmp_path):
    delivery = Delivery(tmp_path)
    header = "account_id,balance,accrued_interest,interest_rate,x\n"
    parts = [
        ("b1.csv", (header + "1,1,,,\n2,1,,,\n1,2,,,\n").encode()),
        ("b2.csv", (header + "1,1,,,\n").encode()),
    ]
    delivery.files("deposit_balance", parts, row_count=4, layout=CSV | {"header": True})
    delivery.manifest["tables"]["visits"] = delivery.manifest["tables"]["org"] | {"files": []}
    assert findings_of(delivery) == [
        ("block", "manifest_table_unknown", None, None, None, 1),
        ("warn", "column_unknown", "deposit_balance", None, None, 1),
        ("block", "key_not_unique", "deposit_balance", "b2.csv", 1, 2),
    ]


def test_faults_of_files_and_totals(tmp_path):
    delivery = Delivery(tmp_path)
    delivery.manifest["tables"]["org"]["row_count"] = 9
    (delivery.folder / "product-0001.csv").write_bytes(b"")
    found = findings_of(delivery)
    assert [finding[:3] for finding in found] == [
        ("block", "row_count", "org"),
        ("block", "file_checksum", "product"),
    ]
