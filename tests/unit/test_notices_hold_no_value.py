"""A failing night tells everybody, by every way, and no byte of it is a customer's value."""

import json
import socketserver
from collections.abc import Callable, Mapping
from email import message_from_string
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest

from orchestration.errors import AcrmError, BadBatchError, NotFitToLoadError
from orchestration.night import run_waiting
from orchestration.settings import Settings
from tests.support.handmade import BATCH, CONTRACT, Delivery, sample_row
from tests.unit.test_night_run import OneModel
from tests.unit.test_notices import Postbox, Receiver, served

NAME, CERTIFICATE, PHONE = "欧阳某某", "320501199001011234", "13912345678"
CUSTOMER, ACCOUNT, AMOUNT = "CUST-8801", "6222021234567890", "98765432.10"
BIRTH = "1990-13-41"
VALUES = (NAME, CERTIFICATE, PHONE, CUSTOMER, ACCOUNT, AMOUNT, BIRTH)


class NoBuild(OneModel):
    """A project without models: no night here gets as far as building one."""

    manifest: Mapping[str, Any] = {"nodes": {}}


Spoil = Callable[[Delivery], None]


def customers(delivery: Delivery, **more: str | None) -> list[list[str | None]]:
    """One good row, and one of the person whose values are looked for."""
    table = CONTRACT.table("customer")
    person = {
        "customer_id": CUSTOMER, "customer_name": NAME, "cert_no": CERTIFICATE, "mobile": PHONE,
        "birth_date": None,
    }  # fmt: skip
    return [sample_row(table), sample_row(table, **(person | more))]


def wrong_bytes(delivery: Delivery) -> None:
    delivery.rows("customer", customers(delivery))
    delivery.send()
    path = delivery.folder / "customer-0001.csv"
    path.write_text(path.read_text(encoding="utf-8") + f"{NAME},{PHONE}\n", encoding="utf-8")


def column_of_a_value(delivery: Delivery) -> None:
    content = f"{CUSTOMER},{NAME},{CERTIFICATE},{PHONE}\n".encode()
    layout = {"kind": "csv", "delimiter": ",", "encoding": "utf-8", "header": True}
    delivery.files("customer", [("customer-0001.csv", content)], row_count=0, layout=layout)


def values_that_gate_1_refuses(delivery: Delivery) -> None:
    """A day that is none, codes that are not listed, a person twice, an account and a balance of nobody."""
    odd = customers(delivery, customer_id=PHONE, birth_date=BIRTH, customer_type=NAME, status=PHONE)
    delivery.rows("customer", [*customers(delivery), *customers(delivery)[1:], *odd[1:]])
    account, balance = CONTRACT.table("account"), CONTRACT.table("deposit_balance")
    nobodys = sample_row(account, account_id=ACCOUNT, customer_id=CERTIFICATE)
    delivery.rows("account", [sample_row(account), nobodys])
    unknown = sample_row(balance, account_id=PHONE, balance=AMOUNT)
    delivery.rows("deposit_balance", [sample_row(balance), unknown])


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (wrong_bytes, BadBatchError),
        (column_of_a_value, BadBatchError),
        (values_that_gate_1_refuses, NotFitToLoadError),
    ],
)
def test_no_notice_of_a_failing_night_holds_a_value(
    tmp_path: Path, spoil: Spoil, fault: type[AcrmError], caplog: pytest.LogCaptureFixture
) -> None:
    Receiver.taken, Postbox.mails = [], []
    home, heard = tmp_path / "home", tmp_path / "heard.json"
    delivery = Delivery(home, BATCH)
    spoil(delivery)
    if not (delivery.folder / "manifest.json").exists():
        delivery.send()
    with (
        served(HTTPServer(("127.0.0.1", 0), Receiver)) as web,
        served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postbox)) as post,
    ):
        mail = {"to": ["ops@bank.test"], "from": "acrm@bank.test", "host": "127.0.0.1", "port": post}
        told = [
            {"command": ["sh", "-c", f"cat > '{heard}'; echo \"$ACRM_NOTICE_TEXT\" >> '{heard}'"]},
            {"webhook": {"url": f"http://127.0.0.1:{web}/hook"}},
            {"mail": mail},
        ]
        (home / "bank.yml").write_text(json.dumps({"notify": told}), encoding="utf-8")
        with pytest.raises(fault) as failed:
            run_waiting(Settings.load(home), build_step=NoBuild())

    said = [str(failed.value), caplog.text, heard.read_text(encoding="utf-8"), *Postbox.mails]
    said += [message_from_string(mail).get_payload(decode=True).decode() for mail in Postbox.mails]
    said += [body.decode() for _, _, body in Receiver.taken]
    logs = [path for path in home.rglob("*") if path.is_file() and path.suffix in (".log", ".json", ".jsonl")]
    said += [path.read_text(encoding="utf-8") for path in logs if path.parent != delivery.folder]
    assert len(Postbox.mails) == len(Receiver.taken) == 1
    assert [value for value in VALUES if any(value in text for text in said)] == []
    # as bytes of other spellings: JSON's escapes, the parts of a mail
    escaped = [json.dumps(value)[1:-1] for value in VALUES]
    assert [value for value in escaped if any(value in text for text in said)] == []
