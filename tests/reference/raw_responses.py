"""Responses to events and the contact governor (chapter 5.4), computed from raw extracts and events told."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

from tests.reference.raw_nights import RawBank, RawNight, Row

_SEEDS = Path(__file__).parents[2] / "seeds" / "rules"

Response = tuple[str, str, str]
"""Event, channel, and who gets it: customer, employee or org."""


def _rows(seed: str) -> list[dict[str, str]]:
    with (_SEEDS / f"{seed}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def responses(bank: RawBank, entries: list[Row]) -> dict[Response, tuple[date, str | None]]:
    """Night and reason (None: it goes out) of each response, to events of which none is withdrawn."""
    rules = defaultdict(list)
    for rule in _rows("event_response_rules"):
        rules[rule["event_code"]].append(rule)
    caps = {row["channel_code"]: row for row in _rows("contact_cap_rules")}
    found: dict[Response, tuple[date, str | None]] = {}
    sent: list[tuple[date, str, str]] = []
    for index, night in enumerate(bank.nights):
        told = sorted(
            (row for row in entries if row["business_date"] == night.day),
            key=lambda row: (row["priority"], row["event_date"], row["event_id"]),
        )
        used = _used(bank.nights[: index + 1], sent, caps)
        for event in told:
            for rule in rules[event["event_code"]]:
                if rule["customer_group_code"] not in (event["customer_group_code"], "*"):
                    continue
                who, channel = event["customer_id"], rule["channel_code"]
                key, reason = _recipient(night, event, rule)
                if rule["recipient_code"] == "customer":
                    counts = rule["counts_as_contact"] == "true"
                    reason = _refused(night, who, channel, rule["consent_purpose_code"], counts)
                    if reason is None and counts and channel in caps:
                        used[who, channel] += 1
                        if used[who, channel] > int(caps[channel]["contact_cnt"]):
                            reason = "contact_cap"
                        else:
                            sent.append((night.day, who, channel))
                found[event["event_id"], channel, key] = (night.day, reason)
    return found


def _used(
    nights: list[RawNight], sent: list[tuple[date, str, str]], caps: dict[str, dict[str, str]]
) -> dict[tuple[str, str], int]:
    """Contacts in the window: those of the log, and what was sent after its last day."""
    day = nights[-1].day
    log = [
        (row["sent_at"].date(), row["customer_id"], row["channel"])
        for night in nights
        for row in night.fresh["contact_log"]
        if row["campaign_id"] is not None and row["delivered"] and row["sent_at"].date() <= day
    ]
    last = max((on for on, _, _ in log), default=date.min)
    used: dict[tuple[str, str], int] = defaultdict(int)
    for on, who, channel in [*log, *(each for each in sent if each[0] > last)]:
        if channel in caps and on > day - timedelta(int(caps[channel]["window_days"])):
            used[who, channel] += 1
    return used


def _refused(night: RawNight, who: str, channel: str, purpose: str, counts: bool) -> str | None:
    if counts and _agrees(night, who, "do_not_contact"):
        return "do_not_contact"
    if purpose and not _agrees(night, who, purpose):
        return "no_consent"
    customer = night.row("customer", who)
    return "no_mobile" if channel == "sms" and not (customer and customer["mobile"]) else None


def _agrees(night: RawNight, who: str, purpose: str) -> bool:
    row = night.row("consent", who, purpose)
    if row is None or row["granted_at"].date() > night.day:
        return False
    return row["withdrawn_at"] is None or bool(row["withdrawn_at"].date() > night.day)


def _recipient(night: RawNight, event: Row, rule: dict[str, str]) -> tuple[str, str | None]:
    """Who gets it: the org where nobody is there; a manager who has left gives way to the org's."""
    if rule["recipient_code"] == "customer":
        return str(event["customer_id"]), None
    org = str(event["owning_org_id"])
    heads = [
        row["employee_id"]
        for row in night.rows("employee")
        if row["post"] == "outlet_manager" and row["status"] == "active" and row["org_id"] == org
    ]
    if rule["recipient_code"] == "main_rm":
        manager = main_manager(night, event["customer_id"])
        if manager is None:
            return org, None
        employee = night.row("employee", manager)
        if employee and employee["status"] == "active":
            return manager, None
        return (min(heads) if heads else org), "employee_left"
    if rule["recipient_code"] == "supervisor" and heads:
        return min(heads), None
    return org, None


def main_manager(night: RawNight, customer: str) -> str | None:
    """The customer's main relationship manager as assigned."""
    valid = [
        row["employee_id"]
        for row in night.rows("assignment")
        if row["customer_id"] == customer
        and row["role"] == "main"
        and row["valid_from"] <= night.day < (row["valid_to"] or date.max)
    ]
    return min(valid, default=None)
