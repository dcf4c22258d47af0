"""Whether campaigns' intervals hold: ``python -m benchmarks.campaign_effects``.

Campaigns with a known effect are drawn by numpy (not by the models) and judged by ``rpt_campaign_effect``
itself. Half of them have an effect; in the other half, A/A, both groups are alike. Told are: how many of the
intervals of 95 % hold the truth, how many A/A campaigns are called conclusive, and how much narrower the
interval of AUM becomes by CUPED. Everything follows from the seed.
"""

import argparse
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from orchestration.settings import PROJECT
from tests.support.models import Models

CUSTOMERS = (300, 1_500)
"""Least and most customers of a group."""
RATES, UPLIFTS = (0.03, 0.30), (-0.02, 0.10)
"""From where to where the control group's rate and the effect on it are drawn."""
AUM_EFFECT, AUM_SPREAD, AUM_KEPT = 2_000.0, 40_000.0, -0.3
"""Mean change of AUM by an effect, yuan; spread of AUM before; change by a yuan more before."""
NIGHT = "2026-06-30"


@dataclass(frozen=True)
class Truth:
    """What is true of a campaign.

    Attributes:
        uplift: Difference of the chances to convert.
        aum_effect: Difference of the mean changes of AUM, yuan.
    """

    uplift: float
    aum_effect: float


def draw(campaigns: int, seed: int) -> tuple[pl.DataFrame, dict[str, Truth]]:
    """Campaigns' customers, one row each, and what is true of each campaign; the first half has an effect."""
    dice, truths, frames = np.random.default_rng(seed), dict[str, Truth](), []
    for number in range(2 * campaigns):
        name, rate = f"K{number:05}", dice.uniform(*RATES)
        is_effective = number < campaigns
        uplift = float(max(dice.uniform(*UPLIFTS), -rate)) if is_effective else 0.0
        effect = float(dice.uniform(0, 2 * AUM_EFFECT)) if is_effective else 0.0
        truths[name] = Truth(uplift, effect)
        for group, added, moved in (("target", uplift, effect), ("control", 0.0, 0.0)):
            count = int(dice.integers(*CUSTOMERS, endpoint=True))
            before = np.maximum(dice.normal(2 * AUM_SPREAD, AUM_SPREAD, count), 0)
            change = moved + AUM_KEPT * before + dice.normal(0, AUM_SPREAD / 2, count)
            frames.append(
                pl.DataFrame(
                    {
                        "campaign_id": pl.Series([name]).new_from_index(0, count),
                        "test_group_code": pl.Series([group]).new_from_index(0, count),
                        "is_converted": dice.random(count) < rate + added,
                        "pre_aum_cents": np.rint(100 * before).astype(np.int64),
                        "change_cents": np.rint(100 * change).astype(np.int64),
                    }
                )
            )
    return pl.concat(frames), truths


def judge(customers: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``rpt_campaign_effect`` over these customers, all segments in one."""
    connection = duckdb.connect()
    models = Models(connection, ["rpt_campaign_effect"])
    rules = str(PROJECT / "seeds" / "rules" / "campaign_rules.csv")
    connection.register("drawn", customers)
    connection.execute("set variable rules = $rules", {"rules": rules})
    connection.execute(
        """
        create table stg.campaign_rules as
        select * replace (
            cast(valid_from_date as date) as valid_from_date, cast(valid_to_date as date) as valid_to_date,
            cast(interval_z as decimal(18, 6)) as interval_z, cast(power_z as decimal(18, 6)) as power_z
        ) from read_csv(getvariable('rules'), all_varchar = true);
        create table stg.int_campaign__versions as
        select distinct
            campaign_id, 'O1' as org_id, 'fund' as campaign_type_code, date '2026-03-02' as start_date,
            date '2026-03-31' as end_date, cast(1000 as decimal(18, 2)) as cost_amt,
            cast(null as date) as known_to_date
        from drawn;
        create table stg.fct_campaign_target as
        select
            campaign_id, test_group_code, is_converted, is_converted as is_reached,
            is_converted as is_responded, cast(0 as decimal(18, 2)) as sold_amt, 'all' as tier_code,
            'all' as age_band_code, 'O1' as owning_org_id,
            cast(pre_aum_cents * cast(0.01 as decimal(3, 2)) as decimal(18, 2)) as pre_aum_amt,
            cast(change_cents * cast(0.01 as decimal(3, 2)) as decimal(18, 2)) as aum_change_amt,
            false as is_provisional, date '2026-06-30' as knowledge_date
        from drawn;
        """
    )
    models.build(business_date=NIGHT, previous_business_date="")
    return connection.execute(
        "from customer.rpt_campaign_effect where segment_scheme_code = 'all' order by campaign_id"
    ).pl()


def shares(effects: pl.DataFrame, truths: dict[str, Truth]) -> list[tuple[str, int, int]]:
    """What is counted, in how many campaigns it is so, and of how many."""
    rows = [(row, truths[row["campaign_id"]]) for row in effects.to_dicts()]
    effective = [(row, truth) for row, truth in rows if truth != Truth(0.0, 0.0)]
    alike = [row for row, truth in rows if truth == Truth(0.0, 0.0)]

    def holding(column: str, ending: str, of: str) -> int:
        return sum(
            float(row[f"{column}_low_{ending}"])
            <= getattr(truth, of)
            <= float(row[f"{column}_high_{ending}"])
            for row, truth in effective
        )

    return [
        ("planted effect within the interval of rates", holding("uplift", "rate", "uplift"), len(effective)),
        ("… of AUM, plain", holding("aum_effect", "amt", "aum_effect"), len(effective)),
        ("… of AUM, CUPED", holding("aum_effect_cuped", "amt", "aum_effect"), len(effective)),
        ("A/A: called conclusive", sum(bool(row["is_conclusive"]) for row in alike), len(alike)),
        ("A/A: p-value below 0.05", sum(float(row["p_value"]) < 0.05 for row in alike), len(alike)),
    ]


def width(effects: pl.DataFrame) -> float:
    """Mean width of the AUM interval by CUPED, as a share of the plain one's."""
    cuped, plain = (
        sum(float(row[f"{column}_high_amt"]) - float(row[f"{column}_low_amt"]) for row in effects.to_dicts())
        for column in ("aum_effect_cuped", "aum_effect")
    )
    return cuped / plain


def main() -> None:
    """Draw, judge, show: seed by seed, and all seeds together."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.campaign_effects", description=__doc__)
    asked.add_argument(
        "--campaigns", type=int, default=1_000, help="with an effect, and as many A/A, of a seed"
    )
    asked.add_argument("--seeds", type=int, default=4)
    options = asked.parse_args()
    found, widths = [], []
    for seed in range(1, options.seeds + 1):
        customers, truths = draw(options.campaigns, seed)
        effects = judge(customers)
        found.append(shares(effects, truths))
        widths.append(width(effects))
    table = Table("share of campaigns", *(f"seed {seed}" for seed in range(1, len(found) + 1)), "all")
    for rows in zip(*found, strict=True):
        total = sum(held for _, held, _ in rows) / sum(of for _, _, of in rows)
        table.add_row(rows[0][0], *(f"{held / of:.1%}" for _, held, of in rows), f"{total:.2%}")
    table.add_row("CUPED's interval, of the plain one's", *(f"{each:.0%}" for each in widths), "")
    Console().print(table)


if __name__ == "__main__":
    main()
