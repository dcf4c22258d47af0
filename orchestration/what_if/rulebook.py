"""A rulebook as people write it: one entry per tier, with all that the tier asks for.

The rule tables say the same in rows; what they say twice (a tier is lost in the month after its window) is
said once here, so that a changed window cannot contradict the bands of status.
"""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from orchestration.errors import ConfigurationError
from orchestration.yaml_files import NotYamlError, parse_yaml, read_yaml

AumBasis = Literal["month_avg", "month_avg_30", "month_end", "avg_6m", "avg_12m"]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Amount = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=2)]

FACTORS = ("card_spend", "mortgage", "credit_loan", "card_grade")
"""Factors beside AUM, in the order that decides ties."""

ALWAYS = date(1900, 1, 1)


class TierRule(BaseModel):
    """One tier above ordinary.

    Attributes:
        aum: AUM from which the tier is given.
        window_months: Months after the last reach for which AUM holds it; it is lost in the month after.
        observe_from_months: First month below of the status observe; none has no such status.
        attention_from_months: First month below of the status attention; none has no such status.
        card_spend: Card spending that gives the tier, if any does; likewise the loan balances.
        card_grade: Whether a valid card of the top grade gives it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Code
    name: str = ""
    aum: Amount
    window_months: int = Field(ge=0, le=1200)
    observe_from_months: int | None = Field(default=None, ge=1)
    attention_from_months: int | None = Field(default=None, ge=1)
    card_spend: Amount | None = None
    mortgage: Amount | None = None
    credit_loan: Amount | None = None
    card_grade: bool = False

    @model_validator(mode="after")
    def _bands_rise_within_the_window(self) -> "TierRule":
        starts = [start for start in (self.observe_from_months, self.attention_from_months) if start]
        if starts != sorted(set(starts)) or any(start > self.window_months for start in starts):
            raise ValueError("observe has to begin before attention, and both within window_months")
        return self

    def bands(self) -> list[tuple[str, int, int | None]]:
        """Status, first and last month below; they meet edge to edge, and the last is open."""
        starts = [("normal", 0)]
        if self.observe_from_months:
            starts.append(("observe", self.observe_from_months))
        if self.attention_from_months:
            starts.append(("attention", self.attention_from_months))
        starts.append(("lost", self.window_months + 1))
        ends = [start - 1 for _, start in starts[1:]]
        return [(status, start, end) for (status, start), end in zip(starts, [*ends, None], strict=True)]

    def factors(self) -> list[tuple[str, int, Decimal]]:
        """Factor, its order and the threshold from which it gives the tier."""
        thresholds = (
            self.card_spend,
            self.mortgage,
            self.credit_loan,
            Decimal(1) if self.card_grade else None,
        )
        return [
            (factor, order, threshold)
            for order, (factor, threshold) in enumerate(zip(FACTORS, thresholds, strict=True), start=2)
            if threshold is not None
        ]


class RulebookVersion(BaseModel):
    """What holds for some months.

    Attributes:
        tiers: Highest first.
        ordinary: Code of the customers whom no tier takes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    valid_from_month: date = ALWAYS
    valid_to_month: date | None = None
    aum_basis: AumBasis = "month_avg"
    lost_report_months: int = Field(default=12, ge=0)
    ordinary: Code = "ordinary"
    ordinary_name: str = ""
    tiers: tuple[TierRule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _tiers_fall_from_the_highest(self) -> "RulebookVersion":
        codes = [*(tier.code for tier in self.tiers), self.ordinary]
        if len(set(codes)) != len(codes):
            raise ValueError("two tiers have the same code")
        amounts = [tier.aum for tier in self.tiers]
        if any(lower >= higher for higher, lower in pairwise(amounts)):
            raise ValueError("tiers have to stand highest first, each with a lower aum than the one before")
        return self


class Rulebook(BaseModel):
    """A rulebook with its versions, oldest first; their months must not overlap."""

    model_config = ConfigDict(frozen=True)

    code: Code
    versions: tuple[RulebookVersion, ...] = Field(min_length=1)

    def version_name(self, number: int) -> str:
        """What the tier rows call a version."""
        return f"{self.code}-{number + 1}"


def read_rulebook(path: Path) -> Rulebook:
    """A rulebook from a YAML file: one version, which holds for all months.

    Raises:
        ConfigurationError: The file cannot be read or is not a rulebook; the message is one line.
    """
    try:
        content = read_yaml(path)
    except NotYamlError as error:
        raise ConfigurationError(f"{path}: {error}. Name a YAML file, see docs/what-if.md.") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: holds no rulebook. See docs/what-if.md.")
    months = {"valid_from_month", "valid_to_month"} & set(content)
    if months:
        raise ConfigurationError(f"{path}: its rules hold for all months. Leave {min(months)} out.")
    code = content.pop("code", "what_if")
    return _checked(str(path), {"code": code, "versions": [content]})


def changed(rulebook: Rulebook, changes: list[str]) -> Rulebook:
    """The rulebook with changes like ``platinum.aum=600000`` or ``aum_basis=avg_6m``, in every version.

    Raises:
        ConfigurationError: There is no such tier or rule, or the value cannot be.
    """
    content = rulebook.model_dump()
    for change in changes:
        place, is_given, text = change.partition("=")
        tier_code, is_of_tier, rule = place.strip().rpartition(".")
        places: list[dict[str, Any]] = list(content["versions"])
        if is_of_tier:
            places = [tier for version in places for tier in version["tiers"] if tier["code"] == tier_code]
        known = set(TierRule.model_fields if is_of_tier else RulebookVersion.model_fields)
        known -= {"code", "tiers", "valid_from_month", "valid_to_month"}
        if not is_given or not places or rule not in known:
            tiers = ", ".join(tier.code for tier in rulebook.versions[-1].tiers)
            raise ConfigurationError(
                f"--set {change}: expected TIER.RULE=VALUE, tiers {tiers}; rules {', '.join(sorted(known))}."
            )
        try:
            value = parse_yaml(text)
        except NotYamlError as error:
            raise ConfigurationError(f"--set {change}: {error}.") from error
        for place_ in places:
            place_[rule] = value
    return _checked("--set", content)


def _checked(source: str, content: dict[str, Any]) -> Rulebook:
    try:
        return Rulebook.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'] if part not in ('versions', 0)) or 'rulebook'}: "
            f"{fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        )
        raise ConfigurationError(f"{source}: {faults}. See docs/what-if.md.") from error
