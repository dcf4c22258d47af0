{% test rule_bands_rise_with_rank(model) %}
-- Fails on any tier whose threshold is not above that of the rank below it, or whose rank leaves a gap.

with ranked as (

    select
        *,
        lag(aum_from_amt) over (partition by rulebook_version order by tier_rank nulls first)
            as lower_aum_from_amt,
        lag(tier_rank) over (partition by rulebook_version order by tier_rank nulls first) as lower_rank
    from {{ model }}

)

select * from ranked
where
    (lower_rank is null and (tier_rank <> 0 or aum_from_amt is not null))
    or (lower_rank is not null and (tier_rank <> lower_rank + 1 or aum_from_amt is null or window_months is null))
    or aum_from_amt <= lower_aum_from_amt

{% endtest %}
