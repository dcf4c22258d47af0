"""Campaigns with a known effect, drawn and judged: intervals hold the truth as often as they say."""

from benchmarks.campaign_effects import draw, judge, shares, width


def test_intervals_hold_the_planted_effect_and_equal_groups_are_seldom_told_apart() -> None:
    customers, truths = draw(200, seed=5)
    effects = judge(customers)

    found = {what: (held, of) for what, held, of in shares(effects, truths)}
    assert {of for _, of in found.values()} == {200}
    # 95 % of 200 within three standard errors: 0.95 × 200 ± 3 × sqrt(200 × 0.95 × 0.05) = 190 ± 9.2
    for what, (held, _) in found.items():
        expected = 10 if what.startswith("A/A") else 190
        assert abs(held - expected) <= 9, what
    # of the change's variance, (0.3 × 40,000)² + 20,000², CUPED takes away the first part: sqrt(0.735) = 0.86
    assert 0.82 < width(effects) < 0.92
