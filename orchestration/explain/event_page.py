"""An event's story as a person reads it: what was told and why, what followed, what was held back."""

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.text import Text

from orchestration.explain.event import EventStory, Response
from orchestration.explain.words import listed, money

_REASONS = {
    "no_consent": "the customer has not agreed to be contacted for {purpose}",
    "contact_cap": "the customer has had as many contacts as the rule allows{cap}",
    "no_mobile": "no mobile number of the customer is known",
    "do_not_contact": "the customer does not want to be contacted",
    "withdrawn": "a batch that came again took the cause of the event away",
}
_REDIRECTED = "employee_left"


def print_event(console: Console, story: EventStory) -> None:
    """Print the whole story."""
    for part in _page(story):
        console.print(part)


def _page(story: EventStory) -> Iterator[RenderableType]:
    told = story.told
    title = f"{story.event_type.event_name} {story.event_type.event_name_zh}" if story.event_type else ""
    yield Text(f"Event {told.event_id}: {title or told.event_code}", style="bold")
    yield Text(
        f"Release {story.release}, as of {story.business_date}; amounts in {story.currency}.", style="dim"
    )
    yield Text()
    for sentence in sentences(story):
        yield Text(sentence)
    yield Text()
    yield listed(
        "Entries of the feed",
        ("entry", "what", "night", "entered", "amount", "threshold", "count"),
        [
            (
                *(str(entry.entry_id), entry.entry_type_code, entry.business_date, entry.knowledge_date),
                *(entry.amount_amt, entry.threshold_amt, entry.event_cnt),
            )
            for entry in story.entries
        ],
    )
    for evidence in story.evidence:
        yield listed(evidence.source.title, evidence.source.columns, evidence.rows)
    if not story.evidence:
        yield Text("The rows behind it are in no table of the release.", style="dim")
    if story.response_rules:
        yield listed(
            "Rules of responses",
            ("channel", "recipient", "group", "version", "consent for", "counts as contact", "active"),
            [
                (
                    *(rule.channel_code, rule.recipient_code, rule.customer_group_code, rule.rule_version),
                    *(rule.consent_purpose_code, _yes(rule.counts_as_contact), _yes(rule.is_active)),
                )
                for rule in story.response_rules
            ],
        )
    if story.responses:
        yield listed(
            "Responses",
            ("night", "channel", "recipient", "number", "status", "reason", "contact"),
            [
                (
                    *(row.business_date, row.channel_code, row.recipient_type_code, row.recipient_id),
                    *(row.status_code, row.reason_code, _yes(row.is_contact)),
                )
                for row in story.responses
            ],
        )
    if story.opportunities:
        yield listed(
            "Opportunities that name it as their source",
            ("opportunity", "opened", "stage", "outcome", "amount"),
            [
                (row.opportunity_id, row.opened_date, row.stage_code, row.outcome_code, row.amount_amt)
                for row in story.opportunities
            ],
        )


def sentences(story: EventStory) -> list[str]:
    """What happened to whom, by which rule, how it stands, what was sent and what was held back."""
    told = story.told
    whom = "" if told.subject_type_code == "customer" else f", {told.subject_type_code} {told.subject_id}"
    amounts = [
        f"{word} {money(amount)}"
        for word, amount in (("amount", told.amount_amt), ("compared with", told.reference_amt))
        if amount is not None
    ]
    if told.event_cnt is not None:
        amounts.append(f"count {told.event_cnt}")
    if told.reference_date is not None:
        amounts.append(f"goes back to {told.reference_date}")
    said = [
        f"{told.event_code} of customer {told.customer_id} ({told.customer_group_code}){whom}"
        f" on {told.event_date}" + (f": {', '.join(amounts)}." if amounts else "."),
        f"Told on the night of {told.business_date} with priority {told.priority}, to org"
        f" {told.owning_org_id}, manager {told.employee_id or 'none'}.",
        _rule_sentence(story),
    ]
    if story.is_withdrawn:
        last = story.entries[-1]
        said.append(
            f"Withdrawn on the night of {last.business_date}: a batch that came again took the cause away."
        )
    return [*said, *_response_sentences(story)]


def _rule_sentence(story: EventStory) -> str:
    rule = story.rule
    if rule is None:
        return f"Its rule, version {story.told.rule_version}, is not among the release's rules any more."
    limits = [
        f"{word} {content}"
        for word, content in (
            ("at least", None if rule.threshold_amt is None else money(rule.threshold_amt)),
            ("count at least", rule.threshold_cnt or None),
            ("factor", None if rule.threshold_rate is None else f"{rule.threshold_rate.normalize():f}"),
            ("window of days", rule.window_days),
            ("days ahead", rule.lead_days),
            ("rests days", rule.cool_down_days),
        )
        if content is not None
    ]
    until = f" to {rule.valid_to_date}" if rule.valid_to_date else ""
    group = "every group" if rule.customer_group_code == "*" else f"group {rule.customer_group_code}"
    return (
        f"Rule {rule.rule_version} for {group}, in force from {rule.valid_from_date}{until}, approved as"
        f" {rule.approval_ref}: {', '.join(limits) or 'whenever it happens'}."
    )


def _response_sentences(story: EventStory) -> Iterator[str]:
    sent = [row for row in story.responses if row.status_code == "to_send"]
    held = [row for row in story.responses if row.status_code != "to_send"]
    if not story.responses:
        yield (
            "No response: no rule in force asks for one."
            if not any(rule.is_active for rule in story.response_rules)
            else "No response: an event that is told once more is not answered once more,"
            " nor is one without a recipient."
        )
        return
    yield f"{len(story.responses)} responses: {len(sent)} to send, {len(held)} held back."
    for row in sent:
        if row.reason_code == _REDIRECTED:
            yield f"{_where(row)}: the employee has left."
    for row in held:
        yield f"Held back: {_where(row)}: {_why(story, row)}."


def _where(row: Response) -> str:
    return f"{row.channel_code} to {row.recipient_type_code} {row.recipient_id}"


def _why(story: EventStory, row: Response) -> str:
    purposes = sorted(
        {
            rule.consent_purpose_code
            for rule in story.response_rules
            if rule.channel_code == row.channel_code and rule.consent_purpose_code is not None
        }
    )
    caps = [cap for cap in story.caps if cap.channel_code == row.channel_code]
    cap = f", {caps[0].contact_cnt} in {caps[0].window_days} days ({caps[0].rule_version})" if caps else ""
    reason = row.reason_code or "no reason is named"
    return _REASONS.get(reason, reason).format(purpose=" or ".join(purposes) or "it", cap=cap)


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"
