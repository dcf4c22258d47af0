"""A published release, asked under another rulebook; all work is done by DuckDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.errors import ConfigurationError, PublicationError
from orchestration.releases.on_disk import DATABASE_FILE, current_release, open_published, releases
from orchestration.settings import PRIVATE_FILE, Settings, private_folder
from orchestration.sql import fill, value
from orchestration.what_if.rule_tables import write_rules
from orchestration.what_if.rulebook import Rulebook, RulebookVersion, TierRule

PASS_MONTHS = 2_000_000
"""Customer-months to which the rule is applied at a time; about 1 GiB."""

_COPY = "copy ({rows}) to {path} (format parquet, compression zstd, row_group_size 122880)"


@dataclass(frozen=True)
class Group:
    """Customers of the last month who are alike, live and under the rulebook.

    Attributes:
        live: Tier and status in the live marts; what_if: under the rulebook.
    """

    org_id: str
    live: tuple[int, str, str]
    what_if: tuple[int, str, str]
    customers: int


@dataclass(frozen=True)
class Answer:
    """What a rulebook would make of the bank.

    Attributes:
        groups: All customers of the last month.
        movers: Customer-months whose tier or status differs; they are in the file.
    """

    rulebook: Rulebook
    month: date
    groups: tuple[Group, ...]
    movers: int
    movers_file: Path


@dataclass(frozen=True)
class Pair:
    """Two rulebooks side by side in the last month.

    Attributes:
        other_rank: Customers whose tier has another rank.
        only_first: Customers above ordinary in the first alone; only_second: in the second alone.
    """

    first: str
    second: str
    other_rank: int
    only_first: int
    only_second: int


class Release:
    """One release, open for questions."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        ((month,),) = connection.execute(
            "select max(month_start_date) from customer_value.fct_customer_tier_monthly"
        ).fetchall()
        self.month: date = month

    @property
    def rulebook_codes(self) -> list[str]:
        """Rulebooks that the release holds."""
        rows = self._connection.execute("select distinct rulebook_code from rules.tier_rulebooks order by 1")
        return [code for (code,) in rows.fetchall()]

    @property
    def currency(self) -> str:
        """Reporting currency of the release's amounts."""
        ((currency,),) = self._connection.execute(
            "select reporting_currency from quality.data_as_of"
        ).fetchall()
        return str(currency)

    @property
    def other_currencies(self) -> dict[str, str]:
        """Rulebooks whose amounts are in another currency than the release's, by code; not the live one."""
        try:
            rows = self._connection.execute(
                "select rulebook_code, min(currency_code) from rules.tier_rulebooks"
                " where currency_code <> ? and rulebook_code <> ? group by all order by all",
                [self.currency, self._live_code()],
            ).fetchall()
        except duckdb.BinderException:
            # a release from before rulebooks named their currency
            return {}
        return dict(rows)

    def live_rulebook(self) -> Rulebook:
        """The rulebook of the live marts."""
        return self.rulebook(self._live_code())

    def preset(self, code: str) -> Rulebook:
        """One of the release's rulebooks, to judge the release's amounts by.

        Raises:
            ConfigurationError: There is none of that code, or its amounts are in another currency.
        """
        currency = self.other_currencies.get(code)
        if currency is not None:
            raise ConfigurationError(
                f"Rulebook {code} is in {currency}, the release in {self.currency}. Name another, or write"
                " its rules with amounts of that currency into a file and name it by --rulebook."
            )
        return self.rulebook(code)

    def rulebook(self, code: str) -> Rulebook:
        """One of the release's rulebooks.

        Raises:
            ConfigurationError: There is none of that code, or it judges by what is not published.
        """
        rows = self._connection.execute(
            "select rulebook_version, valid_from_month, valid_to_month, aum_basis_code, lost_report_months"
            " from rules.tier_rulebooks where rulebook_code = ? order by valid_from_month",
            [code],
        ).fetchall()
        if not rows:
            raise ConfigurationError(
                f"There is no rulebook {code}. Rulebooks: {', '.join(self.rulebook_codes)}."
            )
        versions = tuple(
            RulebookVersion.model_validate(
                {
                    "valid_from_month": first,
                    "valid_to_month": last,
                    "aum_basis": basis,
                    "lost_report_months": report,
                    **self._tiers(version),
                }
            )
            for version, first, last, basis, report in rows
        )
        return Rulebook(code=code, versions=versions)

    def answer(self, rulebook: Rulebook, movers_file: Path) -> Answer:
        """Judge all history by a rulebook, and write the customer-months that differ from the live ones."""
        self.judge(rulebook)
        groups = tuple(
            Group(org, (live_rank, live_tier, live_status), (rank, tier, status), customers)
            for org, live_rank, live_tier, live_status, rank, tier, status, customers in self._ask(
                """
                select
                    live.owning_org_id,
                    live.tier_rank,
                    live.tier_code,
                    live.status_code,
                    coalesce(what_if.tier_rank, 0),
                    coalesce(what_if.tier_code, ?),
                    coalesce(what_if.status_code, 'normal'),
                    count(*)
                from customer_value.fct_customer_tier_monthly as live
                left join what_if
                    on live.customer_id = what_if.customer_id and what_if.month_start_date = ?
                where live.month_start_date = ?
                group by all
                order by all
                """,
                [rulebook.versions[-1].ordinary, self.month, self.month],
            )
        )
        return Answer(rulebook, self.month, groups, self._write_movers(rulebook, movers_file), movers_file)

    def compare(self, codes: list[str]) -> list[Pair]:
        """How many customers differ in the last month, for every two of some rulebooks."""
        self._connection.execute(
            "create or replace temp table judged"
            " (rulebook_code varchar, customer_id varchar, tier_rank integer)"
        )
        for code in codes:
            self.judge(self.rulebook(code))
            self._connection.execute(
                "insert into judged select ?, customer_id, tier_rank from what_if"
                " where month_start_date = ? and tier_rank > 0",
                [code, self.month],
            )
        return [
            Pair(first, second, *self._differences(first, second))
            for number, first in enumerate(codes)
            for second in codes[number + 1 :]
        ]

    def _live_code(self) -> str:
        ((code,),) = self._connection.execute("select rulebook_code from quality.data_as_of").fetchall()
        return str(code)

    def _ask(self, query: str, parameters: list[object]) -> list[tuple[Any, ...]]:
        return self._connection.execute(query, parameters).fetchall()

    def _differences(self, first: str, second: str) -> tuple[int, int, int]:
        ((other_rank, only_first, only_second),) = self._connection.execute(
            """
            select
                count(*) filter (one.tier_rank is distinct from other.tier_rank),
                count(*) filter (other.tier_rank is null),
                count(*) filter (one.tier_rank is null)
            from (from judged where rulebook_code = $first) as one
            full join (from judged where rulebook_code = $second) as other
                on one.customer_id = other.customer_id
            """,
            {"first": first, "second": second},
        ).fetchall()
        return other_rank, only_first, only_second

    def judge(self, rulebook: Rulebook) -> None:
        """Make the temporary table ``what_if``: who is above ordinary, or has lost a tier, and when.

        The months to judge are read once. The rule is applied to some customers at a time, so that its memory
        does not grow with the bank.
        """
        write_rules(self._connection, rulebook)
        self._connection.execute(
            fill(
                "create or replace temp table what_if_judged as"
                " select * from customer_value.what_if_judged({code}, rulebooks := 'what_if_rulebooks',"
                " tiers := 'what_if_tiers', factors := 'what_if_factors')",
                code=value(rulebook.code),
            )
        )
        held = (
            " from customer_value.what_if_held('what_if_pass', tiers := 'what_if_tiers',"
            " statuses := 'what_if_statuses')"
        )
        self._show_pass(0, 0)
        self._connection.execute("create or replace temp table what_if as" + held)
        ((months, last),) = self._ask(
            "select count(*), coalesce(max(customer_number), 0) from what_if_judged", []
        )
        step = max(1, last * PASS_MONTHS // max(1, months))
        for first in range(1, last + 1, step):
            self._show_pass(first, first + step)
            self._connection.execute("insert into what_if" + held)
        self._connection.execute("drop table what_if_judged")

    def _show_pass(self, first: int, end: int) -> None:
        self._connection.execute(
            fill(
                "create or replace temp view what_if_pass as select * from what_if_judged"
                " where customer_number >= {first} and customer_number < {end}",
                first=value(first),
                end=value(end),
            )
        )

    def _write_movers(self, rulebook: Rulebook, path: Path) -> int:
        rows = fill(
            """
            select
                coalesce(live.month_start_date, what_if.month_start_date) as month_start_date,
                coalesce(live.customer_id, what_if.customer_id) as customer_id,
                coalesce(live.tier_code, {live_ordinary}) as live_tier_code,
                coalesce(live.tier_rank, 0) as live_tier_rank,
                coalesce(live.status_code, 'normal') as live_status_code,
                coalesce(what_if.tier_code, {ordinary}) as tier_code,
                coalesce(what_if.tier_rank, 0) as tier_rank,
                coalesce(what_if.status_code, 'normal') as status_code,
                coalesce(what_if.deciding_factor_code, 'aum') as deciding_factor_code
            from (
                select customer_id, month_start_date, tier_code, tier_rank, status_code
                from customer_value.fct_customer_tier_monthly
                where tier_rank > 0
            ) as live
            full join (select * from what_if where tier_rank > 0) as what_if
                on live.customer_id = what_if.customer_id and live.month_start_date = what_if.month_start_date
            where
                live.tier_code is distinct from what_if.tier_code
                or live.status_code is distinct from what_if.status_code
            order by month_start_date, customer_id
            """,
            live_ordinary=value(self.live_rulebook().versions[-1].ordinary),
            ordinary=value(rulebook.versions[-1].ordinary),
        )
        private_folder(path.parent)
        unfinished = path.with_name(f".{path.name}.part")
        unfinished.touch(PRIVATE_FILE)
        (written,) = self._connection.execute(fill(_COPY, rows=rows, path=value(unfinished))).fetchone() or (
            0,
        )
        unfinished.chmod(PRIVATE_FILE)
        unfinished.replace(path)
        return int(written)

    def _tiers(self, version: str) -> dict[str, object]:
        """The version's rows of the rule tables, as a rulebook is written."""
        rows = self._connection.execute(
            "select tier_code, tier_name_zh, aum_from_amt, window_months from rules.tier_rules"
            " where rulebook_version = ? order by tier_rank desc",
            [version],
        ).fetchall()
        starts = {
            (tier, status): first
            for tier, status, first in self._connection.execute(
                "select tier_code, status_code, below_from_months from rules.tier_status_rules"
                " where rulebook_version = ?",
                [version],
            ).fetchall()
        }
        thresholds: dict[str, dict[str, object]] = {}
        for tier, factor, threshold in self._connection.execute(
            "select tier_code, factor_code, threshold_amt from rules.tier_factor_rules"
            " where rulebook_version = ?",
            [version],
        ).fetchall():
            thresholds.setdefault(tier, {})[factor] = True if factor == "card_grade" else threshold
        tiers = tuple(
            TierRule.model_validate(
                {
                    "code": code,
                    "name": title,
                    "aum": aum,
                    "window_months": window,
                    "observe_from_months": starts.get((code, "observe")),
                    "attention_from_months": starts.get((code, "attention")),
                    **thresholds.get(code, {}),
                }
            )
            for code, title, aum, window in rows[:-1]
        )
        return {"tiers": tiers, "ordinary": rows[-1][0], "ordinary_name": rows[-1][1]}


@contextmanager
def open_release(settings: Settings, release: str | None = None) -> Iterator[Release]:
    """Open the current release, or a named one, for what-if questions.

    Raises:
        PublicationError: There is no such release, or it is from before releases could be asked.
    """
    known = {info.name: info for info in releases(settings)}
    found = current_release(settings) if release is None else known.get(release)
    if found is None:
        wanted = "nothing is published yet" if release is None else f"there is no release {release}"
        raise PublicationError(f"{settings.home}: {wanted}. See `acrm releases`.")
    spill = private_folder(settings.home / "what_if" / ".spill")
    with open_published(
        found.folder / DATABASE_FILE,
        threads=settings.bank.threads,
        memory_limit=settings.bank.memory_limit,
        temp_directory=str(spill),
        autoinstall_known_extensions=False,
    ) as connection:
        connection.execute("set preserve_insertion_order = false")
        macros = connection.execute(
            "select count(*) from duckdb_functions() where function_name = 'what_if_above_ordinary'"
        ).fetchone()
        if macros == (0,):
            raise PublicationError(
                f"Release {found.name} is from before releases could be asked what-if. Publish a newer one."
            )
        yield Release(connection)
