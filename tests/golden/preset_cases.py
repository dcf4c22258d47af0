"""Golden cases of the presets (2.5), written from the specification and its sources, as data.

AUM in 万, oldest month first; what is expected in the last month.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PresetCase:
    """One customer under one preset."""

    preset: str
    name: str
    wan: tuple[str, ...]
    tier: str
    status: str = "normal"
    k: int = 0
    lost: str | None = None

    def __str__(self) -> str:
        return f"{self.preset}: {self.name}"


def _below(months: int, wan: str = "30") -> tuple[str, ...]:
    return (wan,) * months


CCB, POSTAL, WEALTH, LINE = "ccb_six_month", "postal", "wealth", "private_line"

PRESET_CASES: tuple[PresetCase, ...] = (
    # average over a fixed 30 days; attention from the 4th month below, downgrade in the 7th to the tier of
    # the highest of the six months
    PresetCase(CCB, "bound inclusive", ("50.00",), "ccb_platinum"),
    PresetCase(CCB, "3rd month below", ("60", *_below(3)), "ccb_platinum", "observe", 3),
    PresetCase(CCB, "4th month below", ("60", *_below(4)), "ccb_platinum", "attention", 4),
    PresetCase(CCB, "6th month below", ("60", *_below(6)), "ccb_platinum", "attention", 6),
    PresetCase(CCB, "7th month below", ("60", *_below(7)), "ccb_gold", lost="ccb_platinum"),
    PresetCase(
        CCB,
        "down to the highest of the six months, though below it by now",
        ("60", "30", *_below(6, "10")),
        "ccb_gold",
        "attention",
        6,
        "ccb_platinum",
    ),
    PresetCase(
        CCB, "the top tier has six months too", ("1200", *_below(7, "900")), "ccb_growth", lost="ccb_core"
    ),
    PresetCase(CCB, "back within the six months", ("60", *_below(6), "50"), "ccb_platinum"),
    # sources/002: 50万元以上 · 20万元-50万元 · 5万元-20万元 · 1万元-5万元 · 1万元以下
    PresetCase(POSTAL, "A1 from 500,000", ("50.00",), "a1"),
    PresetCase(POSTAL, "A2 below 500,000", ("49.99",), "a2"),
    PresetCase(POSTAL, "A2 from 200,000", ("20.00",), "a2"),
    PresetCase(POSTAL, "B below 200,000", ("19.99",), "b"),
    PresetCase(POSTAL, "B from 50,000", ("5.00",), "b"),
    PresetCase(POSTAL, "C below 50,000", ("4.99",), "c"),
    PresetCase(POSTAL, "C from 10,000", ("1.00",), "c"),
    PresetCase(POSTAL, "D below 10,000", ("0.99",), "d"),
    PresetCase(POSTAL, "classes follow the month at once", ("60", "30"), "a2", lost="a1"),
    PresetCase(POSTAL, "up and down again", ("1", "60", "0.5"), "d", lost="a1"),
    # sources/003: 低于10万元 · 10万-500万元 · 超过500万元
    PresetCase(WEALTH, "mass below 100,000", ("9.99",), "mass"),
    PresetCase(WEALTH, "wealth from 100,000", ("10.00",), "wealth"),
    PresetCase(WEALTH, "wealth up to and with 5 million", ("500.00",), "wealth"),
    PresetCase(WEALTH, "private above 5 million", ("500.01",), "private"),
    PresetCase(WEALTH, "a cent above 5 million", ("500.000001",), "private"),
    PresetCase(WEALTH, "follows the month at once", ("600", "400"), "wealth", lost="private"),
    PresetCase(LINE, "at 6 million", ("600.00",), "private_banking"),
    PresetCase(LINE, "a cent below 6 million", ("599.999999",), "below_line"),
    PresetCase(LINE, "no longer", ("600", "599"), "below_line", lost="private_banking"),
)
