{% macro best_factor(amounts, tier_rules, factor_rules) %}
    -- one row per customer and month in which a factor other than AUM gives a tier: the best tier, and the
    -- first factor that gives it

    with factor_amounts as (

        {%- for code, amount in factor_columns().items() %}
        select
            customer_id, month_start_date, rulebook_version, '{{ code }}' as factor_code,
            cast({{ amount }} as {{ amount_type() }}) as factor_amt
        from {{ amounts }} where {{ amount }} > 0
        {{ 'union all' if not loop.last }}
        {%- endfor %}

    ),

    given as (

        select
            factor_amounts.customer_id,
            factor_amounts.month_start_date,
            factor_amounts.factor_code,
            factor_amounts.factor_amt,
            factor_rules.threshold_amt,
            tiers.tier_rank,
            row_number() over (
                partition by factor_amounts.customer_id, factor_amounts.month_start_date
                order by tiers.tier_rank desc nulls last, factor_rules.factor_order nulls last
            ) as preference
        from factor_amounts
        inner join {{ factor_rules }} as factor_rules
            on
                factor_amounts.rulebook_version = factor_rules.rulebook_version
                and factor_amounts.factor_code = factor_rules.factor_code
                and factor_amounts.factor_amt >= factor_rules.threshold_amt
        inner join {{ tier_rules }} as tiers
            on
                factor_rules.rulebook_version = tiers.rulebook_version
                and factor_rules.tier_code = tiers.tier_code

    )

    select customer_id, month_start_date, tier_rank, factor_code, factor_amt, threshold_amt
    from given
    where preference = 1
{% endmacro %}
