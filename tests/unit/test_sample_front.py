"""Channels, campaigns, service, opportunities, visits and plans of the generated bank: as the keys say."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from sample_bank.delivery import Format
from sample_bank.generate import SampleSpec, generate_bank

SPEC = SampleSpec(
    customers=4_000, months=2, nights=12, end=date(2026, 9, 18), profile="wealthy",
    written_as=Format(kind="parquet"),
)  # fmt: skip
LAST = SPEC.end


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    folder = tmp_path_factory.mktemp("front")
    generate_bank(SPEC, folder / "landing", folder / "key")
    return folder


def table(bank, name):
    folders = sorted(bank.glob("landing/*/sequence=1"))
    frames = [
        pl.read_parquet(path).with_columns(pl.lit(place).alias("night"))
        for place, folder in enumerate(folders)
        for path in sorted(folder.glob(f"{name}-[0-9]*.parquet"))
    ]
    return pl.concat(frames, how="diagonal")


def key(bank, name):
    return pl.read_parquet(bank / "key" / f"{name}-*.parquet")


def test_channels_that_stand_are_those_of_the_key(bank):
    held = table(bank, "channel_contract").unique(
        ["customer_id", "channel_code"], keep="last", maintain_order=True
    )
    stands = held.filter(pl.col("cancel_date").is_null()).select("customer_id", "channel_code")
    usage = table(bank, "channel_usage")

    assert stands.sort("customer_id", "channel_code").equals(key(bank, "channel"))
    assert held["cancel_date"].is_not_null().any()
    assert usage.join(held, on=["customer_id", "channel_code"], how="anti").is_empty()
    assert (usage["logins"] >= usage["txns"]).all()
    assert set(usage["channel_code"]) == {"mobile", "internet", "phone"}


def test_campaigns_have_the_effect_that_was_planted(bank):
    rows = key(bank, "campaign")
    # the last one has not run its course
    ended = rows.filter(pl.col("campaign_id") < "K202609")
    rates = ended.group_by("has_planted_effect", "test_group_code").agg(
        pl.col("converted_date").is_not_null().mean().alias("rate")
    )
    found = {(effect, group): rate for effect, group, rate in rates.iter_rows()}

    assert found[True, "target"] == pytest.approx(0.15, abs=0.02)
    for group in ((True, "control"), (False, "target"), (False, "control")):
        assert found[group] == pytest.approx(0.06, abs=0.02)
    groups = rows.group_by("campaign_id").agg(pl.col("test_group_code").n_unique())["test_group_code"]
    assert set(groups) == {1, 2}


def test_responses_and_contacts_of_campaigns_are_those_of_the_key(bank):
    told = key(bank, "campaign")
    responses, contacts = (
        table(bank, "campaign_response"),
        table(bank, "contact_log").drop_nulls("campaign_id"),
    )
    pair = ["campaign_id", "customer_id"]
    bought = responses.filter(pl.col("event_type") == "purchase").select(
        *pair, pl.col("event_at").dt.date().alias("converted_date"), "amount"
    )
    reached = contacts.filter(pl.col("delivered")).select(
        *pair, pl.col("sent_at").dt.date().alias("first_contact_date")
    )

    assert bought.sort(pair).equals(told.drop_nulls("converted_date").select(bought.columns).sort(pair))
    assert reached.sort(pair).equals(told.filter("is_reached").select(reached.columns).sort(pair))
    assert responses["response_id"].is_unique().all()
    assert table(bank, "contact_log")["contact_id"].is_unique().all()
    targets = table(bank, "campaign_target").select(pair)
    assert targets.sort(pair).equals(told.select(pair).sort(pair))
    assert set(responses["event_type"]) == {"delivered", "opened", "clicked", "declined", "purchase"}
    sold = responses.drop_nulls("product_code").join(
        table(bank, "campaign_product"), on=["campaign_id", "product_code"], how="anti"
    )
    assert sold.is_empty()
    assert targets.join(table(bank, "campaign"), on="campaign_id", how="anti").is_empty()


def test_cases_are_answered_and_closed_as_the_key_says(bank):
    held = table(bank, "service_case").unique("case_id", keep="last", maintain_order=True)
    minutes = [
        (pl.col(name) - pl.col("opened_at")).dt.total_minutes().alias(alias)
        for name, alias in (("first_reply_at", "reply_minutes"), ("closed_at", "solve_minutes"))
    ]
    found = held.select(
        "case_id", pl.col("case_type").alias("case_type_code"), *minutes, pl.col("score").cast(pl.Int64)
    ).sort("case_id")

    assert found.equals(key(bank, "service_case").sort("case_id"))
    assert (held["closed_at"] >= held["first_reply_at"]).drop_nulls().all()
    assert held["closed_at"].null_count() > 0
    versions = table(bank, "service_case").group_by("case_id").len()["len"]
    assert versions.max() > 1
    assert set(held["case_type"]) == {"complaint", "inquiry", "request", "rate_review"}


def test_opportunities_stand_where_the_key_says(bank):
    changes = table(bank, "opportunity").sort("opportunity_id", "changed_at")
    last = changes.unique("opportunity_id", keep="last", maintain_order=True)
    told = key(bank, "opportunity").sort("opportunity_id")

    assert last.select("opportunity_id", pl.col("stage").alias("stage_code")).equals(
        told.select("opportunity_id", "stage_code")
    )
    assert set(told["outcome_code"]) == {"open", "won", "lost"}
    assert changes.select("opportunity_id", "changed_at").is_unique().all()
    assert changes.filter(pl.col("night") > 0).height > 20
    staff = table(bank, "employee").filter(pl.col("post") == "relationship_manager")["employee_id"]
    assert set(last["owner_id"]) <= set(staff)
    assert (last["probability"] == Decimal(1)).any()


def test_visits_are_those_of_the_key(bank):
    visits = table(bank, "visit")
    month = pl.col("visited_at").dt.date().dt.truncate("1mo").alias("month_start_date")
    counted = visits.group_by("employee_id", month).agg(pl.len().cast(pl.Int64).alias("visit_cnt"))
    told = key(bank, "visit").group_by("employee_id", "month_start_date").agg(
        pl.col("visit_cnt").sum().cast(pl.Int64)
    )  # fmt: skip

    assert counted.sort(counted.columns).equals(told.sort(told.columns))
    assert visits["visit_id"].is_unique().all()
    assert visits["visited_at"].dt.date().max() <= LAST
    assert visits["visited_at"].dt.date().min() < SPEC.timeline.nights[0] - timedelta(days=60)


def test_plans_of_a_level_add_to_the_one_above_but_for_what_no_branch_has(bank):
    plans = table(bank, "plan_target")
    latest = plans.sort("version").unique(
        ["scope_type", "scope_id", "indicator_code", "period"], keep="last", maintain_order=True
    )
    told = pl.read_parquet(bank / "key" / "plan.parquet")
    joined = told.join(
        latest,
        left_on=["scope_type_code", "scope_id", "indicator_code", "period_code"],
        right_on=["scope_type", "scope_id", "indicator_code", "period"],
        suffix="_delivered",
    )

    assert joined.height == told.height
    assert joined["target_value"].equals(joined["target_value_delivered"], check_names=False)
    assert (told.filter(pl.col("scope_type_code") == "bank")["gap_value"] > 0).all()
    assert (told.filter(pl.col("scope_type_code") == "org")["gap_value"] == 0).all()
    assert set(plans["version"]) == {1, 2}
    months = latest.filter(
        (pl.col("indicator_code") == "visits") & pl.col("period").str.contains("-")
    ).group_by("scope_type", "scope_id").agg(pl.col("target_value").sum())  # fmt: skip
    year = latest.filter((pl.col("indicator_code") == "visits") & (pl.col("period") == "2026"))
    both = months.join(year, on=["scope_type", "scope_id"])
    assert both["target_value"].equals(both["target_value_right"], check_names=False)


def test_the_merger_is_told_as_a_change_of_orgs(bank):
    changes = table(bank, "org_change")
    merged = table(bank, "org").filter(pl.col("successor_org_id").is_not_null()).unique("org_id")

    assert (
        changes.select("old_org_id", "new_org_id", "change_date").rows()
        == merged.select("org_id", "successor_org_id", "close_date").rows()
    )
    assert changes["change_type"].to_list() == ["merge"]


def test_optional_columns_are_told(bank):
    cards = table(bank, "card")
    outside = table(bank, "transaction").drop_nulls("counter_bank_code")

    assert set(cards.filter(pl.col("card_kind") == "credit")["product_code"]) == {"6001"}
    assert cards.filter(pl.col("card_kind") == "debit")["product_code"].null_count() > 0
    assert outside["counter_bank_name"].null_count() == 0
    assert table(bank, "campaign")["channel_code"].null_count() == 0


def test_a_bank_without_stage_two_delivers_the_same_stage_one(tmp_path):
    spec = SPEC.model_copy(update={"customers": 400, "nights": 3})
    for name, has_it in (("with", True), ("without", False)):
        chosen = spec.model_copy(update={"has_stage_two": has_it})
        generate_bank(chosen, tmp_path / name / "landing", tmp_path / name / "key")
    held = {
        name: {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*.parquet")
        }
        for name in ("with", "without")
    }
    more = {path.name.rsplit("-", 1)[0] for path in held["with"].keys() - held["without"].keys()}

    assert held["without"].items() <= held["with"].items()
    assert {"customer_relation", "repayment_schedule", "plan_target", "visit", "consent"} <= more
