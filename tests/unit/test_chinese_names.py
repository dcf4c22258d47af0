"""``reporting_zh`` speaks Chinese in every view and column, those of rules and gates among them."""

import re
from pathlib import Path

import pytest

from orchestration.publication.quality import GATE_MARTS
from orchestration.releases.marts import Mart, marts_from_manifest
from orchestration.settings import Settings
from orchestration.transform import Transform


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> list[Mart]:
    home: Path = tmp_path_factory.mktemp("names")
    return [*marts_from_manifest(Transform(Settings.load(home)).manifest), *GATE_MARTS]


def test_every_published_table_and_column_has_a_chinese_name(marts: list[Mart]) -> None:
    names = {mart.full_name: mart.zh for mart in marts} | {
        f"{mart.full_name}.{column.name}": column.zh for mart in marts for column in mart.columns
    }
    assert any(name.startswith("rules.tier_rulebooks.") for name in names)
    assert [name for name, zh in names.items() if not zh or zh.isascii()] == [], "give it a zh in its YAML"


def test_the_tier_above_is_not_called_the_one_before(marts: list[Mart]) -> None:
    """上一等级 reads as "previous tier"; the column names the tier that the customer can reach next."""
    (reasons,) = [mart for mart in marts if mart.name == "fct_tier_reason"]
    assert {column.name: column.zh for column in reasons.columns}["next_tier_code"] == "升级目标等级"


# month end or day, averages, and what tiers are judged by: docs/tables.md
AUM_WORDS = ("时点资产", "日均资产", "平均资产", "最高资产", "考核资产")


def test_every_amount_of_aum_says_which_aum_it_is(marts: list[Mart]) -> None:
    amounts = {
        f"{mart.full_name}.{column.name}": (column.zh, column.description)
        for mart in marts
        for column in mart.columns
        if re.search(r"(^|_)aum_(.+_)?amt$", column.name)
    }
    assert len(amounts) > 60
    assert [name for name, (zh, _) in amounts.items() if not any(word in zh for word in AUM_WORDS)] == []
    for name, (zh, description) in amounts.items():
        column = name.rpartition(".")[2]
        assert ("考核资产" in zh) == ("judge" in description), f"{name}: AUM judged, in both languages"
        assert ("assessment_" in column) <= ("考核资产" in zh), name
        assert ("aum_end_" in column) <= ("时点资产" in zh), name
