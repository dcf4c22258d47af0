"""The subjects of stage 2: what a chunk of customers delivers of them each night, and what is true of it.

Put here: which table comes when. Keep out: what is in it; every subject has a file of its own.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from sample_bank import campaigns as marketing
from sample_bank.channels import Channels
from sample_bank.consents import Consents
from sample_bank.contact_year import YearOfContacts
from sample_bank.contacts import message_rows, messages_a_year
from sample_bank.link_answers import link_answers
from sample_bank.links import Links, relation_rows
from sample_bank.loans import Loans
from sample_bank.partners import Partners, payer_answers, prospect_answers
from sample_bank.people import Customers
from sample_bank.pipeline import Opportunities, visit_answers, visit_rows
from sample_bank.plans import plan_answers, plan_rows
from sample_bank.schedules import schedule_rows
from sample_bank.service import case_answers, case_days, case_rows, cases_of
from sample_bank.timeline import as_date, day_number, earlier_month, is_business_day
from sample_bank.world import World

Delivery = tuple[str, list[pl.DataFrame]]
CONTACT_MONTHS = 12
"""Months before the first night's whose contacts come with the initial load."""
VISIT_DAYS = 90
ANSWERED_DAYS = 45
"""Days after a campaign's begin on which something may still happen in it."""


class Subjects:
    """What a chunk of customers has to do with the bank besides accounts; nights may come in any order."""

    def __init__(
        self,
        world: World,
        people: Customers,
        loans: Loans,
        links: Links,
        partners: Partners,
        contact_year: YearOfContacts | None = None,
    ) -> None:
        self.world, self.people, self.loans = world, people, loans
        self.links, self.partners = links, partners
        self.contact_year = contact_year
        self.consents = Consents(world, people)
        self.channels = Channels(world, people)
        self.opportunities = Opportunities(world, people)
        self.campaigns = [] if contact_year else marketing.campaigns_of(world)

    def night(self, day: int, previous: int, *, is_first: bool) -> Iterator[Delivery]:
        """The chunk's rows of every table of stage 2."""
        world, people = self.world, self.people
        yield "customer_relation", [relation_rows(people, self.links.relations, day, previous)]
        yield "repayment_schedule", [schedule_rows(self.loans, day, previous, is_first=is_first)]
        yield "consent", [self.consents.rows(day, previous)]
        yield "channel_contract", [self.channels.contract_rows(day, previous)]
        yield "channel_usage", [self.channels.usage_rows(day)]
        yield from self._campaigns(day, previous)
        yield "contact_log", self._messages(day, is_first=is_first)
        yield "opportunity", [self.opportunities.rows(day, previous)]
        yield "visit", [pl.concat([visit_rows(world, people, d) for d in _business_days(day, is_first)])]
        cases = [cases_of(world, people, d) for d in case_days(day, is_first=is_first)]
        yield "service_case", [pl.concat([case_rows(people, opened, day, previous) for opened in cases])]

    def _messages(self, day: int, *, is_first: bool) -> list[pl.DataFrame]:
        """One frame by month: the initial load brings a year of them."""
        if self.contact_year:
            return []
        levels = messages_a_year(self.world, self.people)
        first = day
        if is_first:
            month = self.world.timeline.months[self.world.timeline.first_night_month]
            first = day_number(earlier_month(month, CONTACT_MONTHS))
        by_month: dict[int, list[pl.DataFrame]] = {}
        for at in range(first, day + 1):
            date = as_date(at)
            if is_business_day(date):
                rows = message_rows(self.world, self.people, levels, at)
                by_month.setdefault(date.year * 12 + date.month, []).append(rows)
        return [pl.concat(rows) for rows in by_month.values()]

    def _campaigns(self, day: int, previous: int) -> Iterator[Delivery]:
        running = [
            campaign
            for campaign in self.campaigns
            if campaign.chosen_on <= day and campaign.start + ANSWERED_DAYS > previous
        ]
        chosen, contacts, responses = [], [], []
        for campaign in running:
            targets = marketing.Targets(self.world, self.people, campaign)
            rows = targets.target_rows()
            chosen.append(rows if campaign.chosen_on > previous else rows.clear())
            contacts.append(targets.contact_rows(day, previous))
            responses.append(targets.response_rows(day, previous))
        if self.contact_year:
            yield "campaign_target", [self.contact_year.target_rows(self.people, day, previous)]
            yield "contact_log", [self.contact_year.contact_rows(self.people, day, previous)]
            yield "campaign_response", [pl.DataFrame()]
        elif running:
            yield "campaign_target", [pl.concat(chosen)]
            yield "contact_log", [pl.concat(contacts)]
            yield "campaign_response", [pl.concat(responses)]
        else:
            yield "campaign_target", [pl.DataFrame()]
            yield "campaign_response", [pl.DataFrame()]

    def write_answers(self, folder: Path, number: int) -> None:
        """Write the chunk's answer keys of every subject into a folder."""
        last = int(self.world.timeline.night_days[-1])
        first = int(self.world.timeline.night_days[0])
        told = [c for c in self.campaigns if c.chosen_on <= last]
        targets = [marketing.Targets(self.world, self.people, c).answers(last) for c in told]
        days = sorted({*case_days(first, is_first=True), *self._nights()})
        cases = [case_answers(self.people, cases_of(self.world, self.people, d), last) for d in days]
        visited = sorted({*_business_days(first, is_first=True), *self._nights()})
        visits = pl.concat([visit_rows(self.world, self.people, d) for d in visited])
        frames = {
            "link": link_answers(self.people, self.links, last),
            "payer": payer_answers(self.people, self.partners),
            "prospect": prospect_answers(self.partners),
            "consent": self.consents.answers(last),
            "channel": self.channels.answers(last),
            **({"campaign": pl.concat(targets).sort("campaign_id", "customer_id")} if targets else {}),
            "service_case": pl.concat(cases).sort("case_id"),
            "opportunity": self.opportunities.answers(last).sort("opportunity_id"),
            "visit": visit_answers(visits).sort("employee_id", "month_start_date"),
        }
        for name, frame in frames.items():
            frame.write_parquet(folder / f"{name}-{number:04d}.parquet")

    def _nights(self) -> list[int]:
        return [int(day) for day in self.world.timeline.night_days]


def _business_days(day: int, is_first: bool) -> list[int]:
    """The night's day; the initial load brings those of some months before, too."""
    first = day - VISIT_DAYS if is_first else day
    return [at for at in range(first, day + 1) if is_business_day(as_date(at))]


def shared_rows(
    world: World, night: int, previous: int, contact_year: YearOfContacts | None = None
) -> Iterator[tuple[str, pl.DataFrame]]:
    """The tables of stage 2 that do not depend on customers, on one night."""
    day = int(world.timeline.night_days[night])
    if contact_year:
        found = []
        yield "campaign", contact_year.campaign_rows(day, previous)
    else:
        found = marketing.campaigns_of(world)
        yield "campaign", marketing.campaign_rows(world, found, day, previous)
    yield "campaign_product", marketing.campaign_product_rows(found, day, previous)
    yield "plan_target", plan_rows(world, world.timeline, night)
    yield "org_change", _org_changes(world, day, previous)


def shared_answers(world: World) -> pl.DataFrame:
    """The answer key of the plans."""
    return plan_answers(world, world.timeline)


def _org_changes(world: World, day: int, previous: int) -> pl.DataFrame:
    """The merger of two outlets, on its night."""
    merger = world.timeline.merger_day
    rows = []
    if previous < merger <= day:
        old, new = world.outlet_id(world.merged), world.outlet_id(world.merged - 1)
        rows.append(("G0001", old, new, as_date(merger), "merge"))
    schema = {
        "change_id": pl.String(), "old_org_id": pl.String(), "new_org_id": pl.String(),
        "change_date": pl.Date(), "change_type": pl.String(),
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")
