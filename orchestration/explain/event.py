"""One event by the current release: entries, rule, what triggered it, what followed, what was held back."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orchestration.errors import NotFoundError
from orchestration.explain.evidence import Evidence, find_evidence
from orchestration.explain.reading import Reading, reading
from orchestration.settings import Settings

IN_FORCE = "valid_from_date <= $night and (valid_to_date is null or valid_to_date >= $night)"
OF_GROUP = "customer_group_code in ($group, '*')"


@dataclass(frozen=True)
class Entry:
    """A row of ``fct_event``."""

    entry_id: int
    event_id: str
    entry_type_code: str
    event_code: str
    reminder_class_code: str
    rule_version: str
    customer_id: str
    customer_group_code: str
    subject_type_code: str
    subject_id: str
    event_date: date
    business_date: date
    knowledge_date: date
    reference_date: date | None
    priority: int
    amount_amt: Decimal | None
    reference_amt: Decimal | None
    threshold_amt: Decimal | None
    event_cnt: int | None
    owning_org_id: str
    employee_id: str | None


@dataclass(frozen=True)
class EventType:
    """A row of ``event_types``."""

    event_name: str
    event_name_zh: str


@dataclass(frozen=True)
class Rule:
    """A row of ``event_rules``."""

    rule_version: str
    customer_group_code: str
    valid_from_date: date
    valid_to_date: date | None
    threshold_amt: Decimal | None
    threshold_cnt: int
    threshold_rate: Decimal | None
    window_days: int | None
    lead_days: int | None
    cool_down_days: int | None
    priority: int
    approval_ref: str


@dataclass(frozen=True)
class ResponseRule:
    """A row of ``event_response_rules``."""

    channel_code: str
    recipient_code: str
    customer_group_code: str
    rule_version: str
    consent_purpose_code: str | None
    counts_as_contact: bool
    is_active: bool
    approval_ref: str


@dataclass(frozen=True)
class Response:
    """A row of ``fct_event_response``."""

    business_date: date
    channel_code: str
    recipient_type_code: str
    recipient_id: str
    status_code: str
    reason_code: str | None
    rule_version: str
    is_contact: bool


@dataclass(frozen=True)
class Cap:
    """A row of ``contact_cap_rules``."""

    channel_code: str
    contact_cnt: int
    window_days: int
    rule_version: str


@dataclass(frozen=True)
class Opportunity:
    """A row of ``fct_opportunity`` that names the event as its source."""

    opportunity_id: str
    opened_date: date
    stage_code: str
    outcome_code: str | None
    amount_amt: Decimal | None


@dataclass(frozen=True)
class EventStory:
    """One event as the current release knows it.

    Attributes:
        entries: Every entry of it, oldest first.
        told: The last entry that tells it.
        rule: The row that told it; None where the release's rules no longer hold it.
        evidence: Published rows that it rests on.
        response_rules: Rows by which responses were planned.
        responses: What followed, sent or held back.
        caps: Limits of contacts in force that night.
    """

    release: str
    business_date: date
    currency: str
    entries: list[Entry]
    told: Entry
    event_type: EventType | None
    rule: Rule | None
    evidence: list[Evidence]
    response_rules: list[ResponseRule]
    responses: list[Response]
    caps: list[Cap]
    opportunities: list[Opportunity]

    @property
    def is_withdrawn(self) -> bool:
        """Whether its last entry takes it back."""
        return self.entries[-1].entry_type_code == "withdrawal"


def read_event(settings: Settings, event_id: str) -> EventStory:
    """Read an event's story.

    Raises:
        NotFoundError: The release has no such event.
        PublicationError: Nothing is published, or no events are in it.
    """
    with reading(settings) as release:
        entries = release.rows(Entry, "monitoring.fct_event", "event_id = $event", "entry_id", event=event_id)
        tellings = [entry for entry in entries if entry.entry_type_code == "event"]
        if not tellings:
            raise NotFoundError(f"Release {release.release} has no such event. Check the number.")
        told = tellings[-1]
        named = {
            "event": event_id,
            "code": told.event_code,
            "group": told.customer_group_code,
            "night": told.business_date,
        }
        types = release.rows(EventType, "rules.event_types", "event_code = $code", "event_code", **named)
        rule = _rule(release, told)
        responses = release.rows(
            Response,
            "monitoring.fct_event_response",
            "event_id = $event",
            "business_date, channel_code, recipient_type_code, recipient_id, response_id",
            **named,
        )
        return EventStory(
            release=release.release,
            business_date=release.business_date,
            currency=release.currency,
            entries=entries,
            told=told,
            event_type=types[0] if types else None,
            rule=rule,
            evidence=find_evidence(
                release,
                told.event_code,
                window_days=rule.window_days if rule else None,
                customer=told.customer_id,
                subject=told.subject_id,
                event_date=told.event_date,
                night=told.business_date,
                reference_date=told.reference_date,
                amount=told.amount_amt,
                reference=told.reference_amt,
                count=told.event_cnt,
            ),
            response_rules=release.rows(
                ResponseRule,
                "rules.event_response_rules",
                f"event_code = $code and {OF_GROUP} and {IN_FORCE}",
                "channel_code, recipient_code, customer_group_code, rule_version",
                **named,
            ),
            responses=responses,
            caps=release.rows(
                Cap, "rules.contact_cap_rules", IN_FORCE, "channel_code, rule_version", **named
            ),
            opportunities=release.rows(
                Opportunity,
                "corporate.fct_opportunity",
                "source_event_id = $event",
                "opened_date, opportunity_id",
                **named,
            ),
        )


def _rule(release: Reading, told: Entry) -> Rule | None:
    """The row that told it: of several stages the highest that was reached."""
    rules = release.rows(
        Rule,
        "rules.event_rules",
        f"event_code = $code and rule_version = $version and {OF_GROUP} and priority = $priority"
        f" and ($threshold::decimal(18, 2) is null or threshold_amt = $threshold) and {IN_FORCE}",
        "threshold_cnt desc, customer_group_code desc, valid_from_date desc",
        code=told.event_code,
        version=told.rule_version,
        group=told.customer_group_code,
        priority=told.priority,
        threshold=told.threshold_amt,
        night=told.business_date,
    )
    reached = [rule for rule in rules if told.event_cnt is None or rule.threshold_cnt <= told.event_cnt]
    return next(iter(reached or rules), None)
