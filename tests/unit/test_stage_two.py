"""The extracts of stage 2: kept from the night on that brings them, whatever a bank delivers."""

from datetime import date

import pytest

from contract.model import load_contract
from tests.support.bank import Delivery
from tests.support.memory_nights import MemoryNights

FIRST, SECOND, THIRD = date(2026, 1, 28), date(2026, 1, 29), date(2026, 1, 30)
VISIT = {
    "visit_id": "V1",
    "customer_id": "C1",
    "employee_id": "E1",
    "visited_at": "2026-01-28 20:00:00",
    "purpose": "a word about the house",
    "has_location": True,
}
CONSENT = {"customer_id": "C1", "purpose": "marketing", "granted_at": "2026-01-02 01:00:00"}
KEPT = {
    "customer_relation": "int_customer__relation_versions",
    "org_change": "int_org__change",
    "repayment_schedule": "int_loan__schedule_versions",
    "channel_contract": "int_channel__contract_versions",
    "channel_usage": "int_channel__usage",
    "campaign": "int_campaign__versions",
    "campaign_target": "int_campaign__target",
    "campaign_response": "int_campaign__response",
    "campaign_product": "int_campaign__product_versions",
    "contact_log": "int_contact__log",
    "opportunity": "int_opportunity__change",
    "visit": "int_contact__visit",
    "plan_target": "int_plan__target",
    "service_case": "int_service__case_versions",
    "consent": "int_contact__consent_versions",
}


@pytest.fixture
def nights() -> MemoryNights:
    return MemoryNights(KEPT.values())


def test_every_table_of_stage_two_may_be_left_out():
    assert all(load_contract().table(name).optional for name in KEPT)


def test_a_bank_that_delivers_none_of_them_has_them_empty(nights: MemoryNights):
    nights.run(Delivery(FIRST, 1, True, {}, {}))
    nights.run(Delivery(SECOND, 1, False, {}, {}))

    for model in KEPT.values():
        assert nights.query(f"select * from intermediate.{model}") == []


def test_an_event_counts_once_whenever_the_bank_begins_to_deliver_it(nights: MemoryNights):
    nights.run(Delivery(FIRST, 1, True, {}, {}))
    nights.run(Delivery(SECOND, 1, False, {"visit": [VISIT]}, {"visit": "append"}))
    nights.run(Delivery(THIRD, 1, False, {"visit": [VISIT]}, {"visit": "append"}))

    (row,) = nights.query("select visit_id, visited_at, business_date from intermediate.int_contact__visit")
    # 20:00 UTC is the next morning in Shanghai
    assert (str(row["visited_at"]), row["business_date"]) == ("2026-01-29 04:00:00", SECOND)


def test_a_consent_that_is_withdrawn_ends_its_version(nights: MemoryNights):
    nights.run(Delivery(FIRST, 1, True, {"consent": [{**CONSENT, "op": "I"}]}, {"consent": "full"}))
    withdrawn = {**CONSENT, "withdrawn_at": "2026-01-29 01:00:00", "op": "U"}
    nights.run(Delivery(SECOND, 1, False, {"consent": [withdrawn]}, {"consent": "delta"}))

    rows = nights.query(
        "select withdrawn_at, known_to_date from intermediate.int_contact__consent_versions"
        " order by known_from_date"
    )
    assert [(row["withdrawn_at"] is None, row["known_to_date"]) for row in rows] == [
        (True, SECOND),
        (False, None),
    ]
