"""A corporate customer on one page: group, chain, funds, share of the plan, opportunities, events."""

from collections.abc import Iterator
from decimal import Decimal

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from orchestration.explain.corporate import CorporateStory, Member
from orchestration.explain.words import listed, money, percent


def print_corporate(console: Console, story: CorporateStory) -> None:
    """Print the whole page."""
    for part in _page(story):
        console.print(part)


def _page(story: CorporateStory) -> Iterator[RenderableType]:
    overview = story.overview
    yield Text(f"Corporate customer {overview.customer_id} on {overview.as_of_date}", style="bold")
    yield Text(f"Release {story.release}; amounts in {story.currency}.", style="dim")
    yield Text()
    for sentence in sentences(story):
        yield Text(sentence)
    yield Text()
    if story.members:
        yield _group(story)
    if story.links:
        yield listed(
            "Chain, 12 months",
            (
                "pays",
                "is paid",
                "link",
                "paid",
                "months",
                "of what it pays",
                "of what it is paid",
            ),
            [
                (
                    *(link.payer_customer_id, link.payee_customer_id, link.link_code, link.paid_amt),
                    *(link.payment_months, percent(link.payer_out_share), percent(link.payee_in_share)),
                )
                for link in story.links
            ],
        )
    if story.funds:
        yield listed(
            f"Funds, {story.month:%Y-%m}, the largest counterparties first",
            ("counterparty", "bank", "in", "out", "of it salaries"),
            [
                (
                    row.counterparty_customer_id or row.counter_name or row.counterparty_key,
                    "ours" if row.is_inside else row.counter_bank_name,
                    *(row.in_amt, row.out_amt, row.salary_out_amt),
                )
                for row in story.funds
            ],
        )
    if story.shares:
        yield listed(
            f"Plans of org {story.shares[0].org_id}",
            ("indicator", "period", "target", "actual", "attained", "status", "of the customer", "share"),
            [
                (
                    *(row.plan.indicator_code, row.plan.period, row.plan.target, row.plan.actual),
                    *(percent(row.plan.attainment_rate), row.plan.status),
                    *(row.customer_amt, percent(row.share)),
                )
                for row in story.shares
            ],
        )
    if story.opportunities:
        yield listed(
            "Open opportunities",
            ("opportunity", "stage", "since", "expected", "amount", "probability", "owner"),
            [
                (
                    *(row.opportunity_id, row.stage_code, row.since_date, row.expected_close_date),
                    *(row.amount_amt, percent(row.probability_rate), row.owner_id),
                )
                for row in story.opportunities
            ],
        )
    if story.events:
        yield listed(
            "Events, the newest first (acrm explain-event EVENT)",
            ("event", "what", "day", "night", "amount"),
            [
                (row.event_id, row.event_code, row.event_date, row.business_date, row.amount_amt)
                for row in story.events
            ],
        )


def sentences(story: CorporateStory) -> list[str]:
    """Who it is, what is kept, owed and earned, and where the customer stands in group, chain and funds."""
    overview = story.overview
    traits = {
        "industry": overview.industry_code,
        "region": overview.region_code,
        "size": overview.size_band_code,
        "lifecycle": overview.lifecycle_code,
        "activity": overview.activity_code,
        "value and potential": overview.value_potential_code,
    }
    figures = {
        "Deposits": overview.deposit_end_amt,
        "loans": overview.loan_amt,
        "credit limit": overview.credit_limit_amt,
        "contribution of 12 months": overview.contribution_12m_amt,
        "payments of 12 months": overview.settlement_12m_amt,
    }
    raroc = "" if overview.raroc_rate is None else f", RAROC {percent(overview.raroc_rate)}"
    visited = f"last visited on {overview.last_visit_date}" if overview.last_visit_date else "never visited"
    return [
        f"Org {overview.owning_org_id}, manager {overview.main_employee_id or 'none'}, {visited}; "
        + ", ".join(f"{word} {code}" for word, code in traits.items() if code is not None)
        + ".",
        ", ".join(f"{word} {money(amount)}" for word, amount in figures.items() if amount is not None)
        + f"{raroc}.",
        f"Holds {overview.held_lines or 'no product line'}; could hold"
        f" {overview.missing_lines or 'nothing more'}.",
        _group_sentence(story),
        _chain_sentence(story),
        f"{overview.counterparty_cnt or 0} counterparties in 12 months,"
        f" {overview.inside_counterparty_cnt or 0} of them customers; pays salaries to"
        f" {overview.payroll_person_cnt or 0} customers.",
        _plan_sentence(story),
        f"{len(story.opportunities)} open opportunities; {len(story.events)} events.",
    ]


def _group_sentence(story: CorporateStory) -> str:
    mine = next((row for row in story.members if row.customer_id == story.overview.customer_id), None)
    if mine is None:
        return "In no group."
    if mine.parent_customer_id is None:
        place = "the ultimate parent"
    else:
        held = f", which holds {percent(mine.share)}" if mine.share is not None else ""
        place = f"{mine.depth} below the ultimate parent, under {mine.parent_customer_id}{held}"
    told = f"In the group of {mine.ultimate_parent_customer_id}: {place}."
    if any(row.is_circle_cut for row in story.members):
        told += " Parents went round in a circle; it is cut at its smallest number."
    if story.group is not None:
        group = story.group
        told += (
            f" Its {group.member_cnt} members keep {money(group.deposit_end_amt)},"
            f" owe {money(group.loan_amt)} (worst class {group.worst_five_class_code or 'none'})"
            " and answer for"
            f" {money(group.guaranteed_loan_amt)} of each other's loans; they paid each other"
            f" {money(group.inside_payment_amt)} this month."
        )
    return told


def _chain_sentence(story: CorporateStory) -> str:
    number = story.overview.customer_id
    buyers = sum(link.payee_customer_id == number for link in story.links)
    suppliers = sum(link.payer_customer_id == number for link in story.links)
    return f"Chain: supplied by {suppliers} customers, supplies {buyers}."


def _plan_sentence(story: CorporateStory) -> str:
    if not story.shares:
        return f"No plan of org {story.overview.owning_org_id}, nor of an org above it."
    known = [row for row in story.shares if row.share is not None]
    if not known:
        return f"No plan of org {story.shares[0].org_id} is one that a single customer has a share of."
    largest = max(known, key=lambda row: (abs(row.share or Decimal(0)), row.plan.indicator_code))
    return (
        f"Of what came of the plans of org {story.shares[0].org_id}, the largest share is"
        f" {percent(largest.share)} of {largest.plan.indicator_code} {largest.plan.period};"
        " shares are of the customer's own months."
    )


def _group(story: CorporateStory) -> Table:
    def row(member: Member) -> tuple[str, ...]:
        is_asked = member.customer_id == story.overview.customer_id
        name = "  " * member.depth + member.customer_id + (" ◂" if is_asked else "")
        return name, percent(member.share), member.parent_customer_id or ""

    # a path holds hashes, the last of which is the member's own
    names = {member.path.split("/")[-1]: member.customer_id for member in story.members}
    ordered = sorted(
        story.members, key=lambda member: [names.get(part, part) for part in member.path.split("/")]
    )
    return listed(
        f"Group of {ordered[0].ultimate_parent_customer_id}",
        ("member", "share", "parent"),
        [*map(row, ordered)],
    )
