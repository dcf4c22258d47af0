"""Statuses carried from night to night are those of all history at once, also when the rulebook changes."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.what_if.rule_tables import write_rules
from orchestration.what_if.rulebook import Rulebook
from tests.reference.any_rulebook import in_force
from tests.reference.test_any_rulebook import FIRST, HISTORY, histories, rulebooks
from tests.support.macros import render
from tests.support.timeline import add_months
from tests.support.what_if import memory_release

ALL = render("tier_statuses('judged', 'temp.what_if_tiers', 'temp.what_if_statuses')")
EARLIER = render("tier_statuses('earlier', 'temp.what_if_tiers', 'temp.what_if_statuses')")
LATER = render("tier_statuses('later', 'temp.what_if_tiers', 'temp.what_if_statuses', 'carried')")
COLUMNS = (
    "customer_id, tier_code, tier_rank, month_index, held_by_factor_code, status_code, below_months,"
    " lost_since_index"
)


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = memory_release().connection
    connection.execute(
        "create table judged (customer_id varchar, month_start_date date, month_index bigint,"
        " rulebook_version varchar, assessment_aum_amt decimal(18, 2), factor_tier_rank integer,"
        " factor_code varchar, is_provisional boolean)"
    )
    return connection


@given(
    rulebook=rulebooks(),
    lives=st.lists(histories(), min_size=4, max_size=10),
    night=st.integers(0, HISTORY - 2),
)
@settings(max_examples=40)
def test_carrying_gives_what_all_history_gives(connection, rulebook: Rulebook, lives, night: int) -> None:
    rows = []
    for number, life in enumerate(lives):
        for month, brought in life.items():
            version = in_force(rulebook, month)
            # any rank that the version has, from what the month happens to bring
            rank = min(int(brought.mortgage), len(version.tiers)) if brought.has_diamond else 0
            name = rulebook.version_name(rulebook.versions.index(version))
            index = month.year * 12 + month.month
            factor = "mortgage" if rank else None
            rows.append((f"c{number}", month, index, name, brought.aum, rank, factor, False))
    connection.execute("truncate judged")
    places = ", ".join("unnest(?)" for _ in rows[0])
    columns = [list(column) for column in zip(*rows, strict=True)]
    connection.execute(f"insert into judged select {places}", columns)
    write_rules(connection, rulebook)
    split = add_months(FIRST, night)
    for part, condition in (("earlier", "<="), ("later", ">")):
        connection.execute(
            f"create or replace temp table {part} as from judged where month_start_date {condition} ?",
            [split],
        )
    connection.execute(f"create or replace temp table before as {EARLIER}")
    connection.execute(
        """
        create or replace temp table carried as
        select *, make_date(
            cast((lost_since_index - 1) // 12 as integer), cast((lost_since_index - 1) % 12 + 1 as integer), 1
        ) as lost_since_date, month_index - below_months as last_reached_index
        from before
        qualify row_number() over (partition by customer_id, tier_code order by month_index desc) = 1
        """
    )

    carried = connection.execute(
        f"select {COLUMNS} from ({LATER}) union all select {COLUMNS} from before order by all"
    ).fetchall()

    assert carried == connection.execute(f"select {COLUMNS} from ({ALL}) order by all").fetchall()
