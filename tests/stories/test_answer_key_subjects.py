"""Marts of chapters 5 to 7 of a generated bank against what was planted; ``make answer-key`` runs more."""

from typing import Any

import pytest

from tests.support.warehouse import Warehouse

Row = dict[str, Any]


def key(warehouse: Warehouse, name: str) -> str:
    return str(warehouse.home / "answer_key" / f"{name}-*.parquet")


def differences(warehouse: Warehouse, name: str, planted: str, published: str, keys: str) -> list[Row]:
    """Rows of the answer key that the release has not, or otherwise, and the reverse.

    Args:
        planted: Query over ``planted``, the answer key's file.
        published: Query with the same columns over the release.
        keys: Columns of both that name a row.
    """
    (counted,) = warehouse.query(
        f"select count(*) as planted_cnt from (with planted as (from read_parquet(?)) {planted})",
        key(warehouse, name),
    )
    assert counted["planted_cnt"] > 20
    return warehouse.query(
        f"""
        with planted as (from read_parquet(?)), one as ({planted}), other as ({published})
        select {keys}, one as planted, other as published
        from one full join other using ({keys})
        where one is distinct from other
        """,
        key(warehouse, name),
    )


@pytest.mark.parametrize(
    ("name", "code", "column"),
    [
        ("consent", "purpose_code", "consent_purpose_codes"),
        ("channel", "channel_code", "contracted_channel_codes"),
    ],
)
def test_the_customer_view_holds_every_planted_code(
    generated_warehouse: Warehouse, name: str, code: str, column: str
) -> None:
    joined = f"',' || string_agg({code}, ',' order by {code}) || ','"
    planted = f"select customer_id, {joined} as {column} from planted group by customer_id"
    published = f"select customer_id, {column} from customer.dim_customer_360 where {column} is not null"

    assert differences(generated_warehouse, name, planted, published, "customer_id") == []


def test_households_are_those_planted(generated_warehouse: Warehouse) -> None:
    (counts,) = generated_warehouse.query(
        """
        with planted as (
            select customer_id, other_id from read_parquet(?) where link_code = 'household'
        )
        select
            count(*) as members,
            count(distinct other_id) as planted,
            count(distinct household_id) as published,
            count(distinct (other_id, household_id)) as pairs, count(household_id) as with_household
        from planted left join customer.dim_customer_360 using (customer_id)
        """,
        key(generated_warehouse, "link"),
    )

    assert counts["members"] == counts["with_household"] > 100
    assert counts["planted"] == counts["published"] == counts["pairs"]


def test_groups_have_the_planted_parents_and_depths_and_circles_are_cut(
    generated_warehouse: Warehouse,
) -> None:
    planted = """
        select customer_id, other_id as parent, depth from planted where link_code = 'group'
    """
    published = """
        select customer_id, ultimate_parent_customer_id as parent, depth
        from corporate.fct_group_member where valid_to_date is null
    """
    assert differences(generated_warehouse, "link", planted, published, "customer_id") == []
    circles = generated_warehouse.query(
        """
        select distinct other_id from read_parquet(?) where link_code = 'group' and is_circle
        except
        select ultimate_parent_customer_id from corporate.fct_group_member where is_circle_cut
        """,
        key(generated_warehouse, "link"),
    )
    assert circles == []


def test_every_declared_supply_chain_is_a_link_and_no_other(generated_warehouse: Warehouse) -> None:
    planted = """
        select customer_id as payer, other_id as payee from planted where link_code = 'supply_chain'
    """
    published = """
        select payer_customer_id as payer, payee_customer_id as payee
        from corporate.fct_supply_chain_link_monthly where is_provisional and is_declared
    """

    assert differences(generated_warehouse, "link", planted, published, "payer, payee") == []


def test_opportunities_stand_where_the_plan_of_them_says(generated_warehouse: Warehouse) -> None:
    planted = "select opportunity_id, stage_code, since_date, outcome_code, amount as amount_amt from planted"
    published = """
        select opportunity_id, stage_code, since_date, outcome_code, amount_amt from corporate.fct_opportunity
    """

    assert differences(generated_warehouse, "opportunity", planted, published, "opportunity_id") == []


def test_campaigns_reach_whom_they_reached_and_count_what_was_bought(generated_warehouse: Warehouse) -> None:
    planted = """
        select
            campaign_id, customer_id, test_group_code, is_reached,
            case when is_reached then first_contact_date end as first_contact_date
        from planted
    """
    published = """
        select campaign_id, customer_id, test_group_code, is_reached, first_contact_date
        from customer.fct_campaign_target
    """
    assert differences(generated_warehouse, "campaign", planted, published, "campaign_id, customer_id") == []
    # who bought by the campaign is converted; others may have bought its products by themselves. What was
    # sold is what trades say, and of who has none what the response says
    missed = generated_warehouse.query(
        """
        select campaign_id, customer_id, converted_date, conversion_date
        from read_parquet(?) as planted
        inner join customer.fct_campaign_target as published using (campaign_id, customer_id)
        where
            converted_date is not null
            and (
                conversion_date is null
                or conversion_date > converted_date
                or sold_amt <> planted.amount and not exists (
                    select 1 from sales.fct_trade_attribution as trades
                    where
                        trades.customer_id = published.customer_id
                        and trades.trade_date between counted_from_date and window_end_date
                )
            )
        """,
        key(generated_warehouse, "campaign"),
    )
    assert missed == []
    (counts,) = generated_warehouse.query(
        """
        select
            count(*) filter (is_converted) as converted,
            count(*) filter (converted_date is null and is_converted) as more
        from read_parquet(?) inner join customer.fct_campaign_target using (campaign_id, customer_id)
        """,
        key(generated_warehouse, "campaign"),
    )
    assert 0 < counts["more"] < counts["converted"] / 20


def test_visits_of_managers_are_those_planted(generated_warehouse: Warehouse) -> None:
    planted = "select employee_id, month_start_date, visit_cnt, located_visit_cnt from planted"
    published = """
        select
            employee_id, month_start_date, sum(visit_cnt)::uinteger as visit_cnt,
            sum(located_visit_cnt)::uinteger as located_visit_cnt
        from corporate.rpt_rm_diligence_monthly
        group by all
        having sum(visit_cnt) > 0
    """

    assert (
        differences(generated_warehouse, "visit", planted, published, "employee_id, month_start_date") == []
    )


def test_service_cases_count_in_the_month_that_opened_them(generated_warehouse: Warehouse) -> None:
    planted = """
        select case_type_code, substr(case_id, 2, 6) as month, count(*) as case_cnt from planted group by all
    """
    published = """
        select case_type_code, strftime(month_start_date, '%Y%m') as month, sum(case_cnt)::bigint as case_cnt
        from customer.rpt_service_monthly group by all having sum(case_cnt) > 0
    """

    found = generated_warehouse.query(
        f"""
        with planted as (from read_parquet(?)), one as ({planted}), other as ({published})
        select * from one full join other using (case_type_code, month) where one is distinct from other
        """,
        key(generated_warehouse, "service_case"),
    )
    assert found == []
