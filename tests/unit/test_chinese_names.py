"""``reporting_zh`` speaks Chinese in every view and column, those of rules and gates among them."""

from pathlib import Path

import pytest

from orchestration.publication.marts import Mart, marts_from_manifest
from orchestration.publication.quality import GATE_MARTS
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
