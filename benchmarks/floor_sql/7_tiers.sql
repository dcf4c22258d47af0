-- Tiers, status, events and reasons of the months in hand, from their AUM.

delete from recorded_factor where month_start_date >= getvariable('first_month');
insert into recorded_factor
with fact as (
    select
        months.month_start_date,
        months.month_start_date >= month_start(history.first_night_date) as is_since,
        coalesce(
            month_from_index(months.month_index - months.card_spend_months + 1) >= history.card_spend_start_date,
            true
        ) as has_card_months,
        months.month_start_date in (select balance_month from sent_monthly_balance_history) as has_balances,
        months.month_start_date in (select balance_month from sent_monthly_loan_history) as has_loans
    from months
    cross join recorded_history as history
)
select
    fact.month_start_date, factor.factor_code,
    case factor.factor_code
        when 'card_spend' then has_card_months
        when 'card_grade' then true
        when 'aum' then is_since or has_balances
        else is_since or has_loans
    end as is_recorded,
    -- from the first night on every factor judges, whatever is recorded of it
    is_since or is_recorded
from fact
cross join (values ('aum'), ('card_spend'), ('mortgage'), ('credit_loan'), ('card_grade')) as factor (factor_code);

create or replace temp table judged as
with spend as (
    select card_spend.customer_id, months.month_start_date, sum(card_spend.spend_amt) as spend_amt
    from card_spend
    inner join months
        on card_spend.month_start_date <= months.month_start_date
        and months.month_index - month_index(card_spend.month_start_date) < months.card_spend_months
        and card_spend.booked_month_date <= months.month_start_date
    inner join recorded_factor as recorded
        on months.month_start_date = recorded.month_start_date and recorded.factor_code = 'card_spend'
        and recorded.is_judged
    group by all
)
select
    month.customer_id, coalesce(owning_org.org_id, month.home_org_id) as owning_org_id, month.rulebook_version,
    month.lost_report_months, month.month_start_date, month.month_index, month.first_month_date,
    month.first_open_date, month.is_closed, month.is_provisional,
    case month.aum_basis_code
        when 'month_avg' then aum.aum_month_avg_amt
        when 'month_avg_30' then aum.aum_month_avg_30_amt
        when 'month_end' then aum.aum_end_amt
        when 'avg_6m' then aum.aum_avg_6m_amt
        when 'avg_12m' then aum.aum_avg_12m_amt
    end as assessment_aum_amt,
    cast(coalesce(spend.spend_amt, 0) as decimal(18, 2)) as card_spend_12m_amt,
    coalesce(borrowing.mortgage_balance_amt, 0) as mortgage_balance_amt,
    coalesce(borrowing.credit_loan_balance_amt, 0) as credit_loan_balance_amt,
    coalesce(borrowing.has_diamond_card, false) as has_diamond_card
from customer_month as month
inner join fct_customer_aum_monthly as aum
    on month.customer_id = aum.customer_id and month.month_start_date = aum.month_start_date
    and aum.month_start_date >= getvariable('first_month')
left join owning_org on month.customer_id = owning_org.customer_id
left join spend on month.customer_id = spend.customer_id and month.month_start_date = spend.month_start_date
left join borrowing
    on month.customer_id = borrowing.customer_id and month.month_start_date = borrowing.month_start_date
    and borrowing.month_start_date >= getvariable('first_month')
where month.is_member and month.customer_type = 'P';

-- the best tier that something else than AUM gives, by the amounts of a table
create or replace temp macro best_factor(judged_by) as table
with amount as (
    select customer_id, month_start_date, rulebook_version, unnest(amounts, recursive := true)
    from (
        select
            customer_id, month_start_date, rulebook_version,
            [
                row('card_spend', card_spend_12m_amt), row('mortgage', mortgage_balance_amt),
                row('credit_loan', credit_loan_balance_amt),
                row('card_grade', cast(cast(has_diamond_card as integer) as decimal(18, 2)))
            ]::struct(factor_code varchar, factor_amt decimal(18, 2))[] as amounts
        from query_table(judged_by)
        where card_spend_12m_amt > 0 or mortgage_balance_amt > 0 or credit_loan_balance_amt > 0 or has_diamond_card
    )
)
select
    amount.customer_id, amount.month_start_date, amount.factor_code, amount.factor_amt, rule.threshold_amt,
    tier.tier_rank
from amount
inner join tier_factor as rule
    on amount.rulebook_version = rule.rulebook_version and amount.factor_code = rule.factor_code
    and amount.factor_amt >= rule.threshold_amt and amount.factor_amt > 0
inner join tier on rule.rulebook_version = tier.rulebook_version and rule.tier_code = tier.tier_code
qualify row_number() over (
    partition by amount.customer_id, amount.month_start_date order by tier.tier_rank desc, rule.factor_order
) = 1;
create or replace temp table factor as from best_factor('judged');

insert into fct_customer_tier_status_monthly
with reached as (
    select judged.customer_id, tier.tier_code, judged.month_index
    from judged
    inner join tier
        on judged.rulebook_version = tier.rulebook_version and judged.assessment_aum_amt >= tier.aum_from_amt
),
carried as (
    select
        customer_id, tier_code, max(month_index(month_start_date) - below_months) as reached_index,
        arg_max(if(status_code = 'lost', month_index(lost_since_date), -1), month_start_date) as lost_index
    from fct_customer_tier_status_monthly
    where month_start_date < getvariable('first_month')
    group by all
),
ever as (
    select customer_id, tier_code from reached
    union
    select customer_id, tier_code from carried where reached_index is not null
    union
    select factor.customer_id, tier.tier_code
    from factor
    inner join months on factor.month_start_date = months.month_start_date
    inner join tier
        on months.rulebook_version = tier.rulebook_version and tier.aum_from_amt is not null
        and tier.tier_rank <= factor.tier_rank
),
counted as (
    select
        judged.customer_id, ever.tier_code, tier.tier_rank, judged.rulebook_version, judged.month_start_date,
        judged.month_index, judged.is_provisional,
        if(factor.tier_rank >= tier.tier_rank, factor.factor_code, null) as held_by_factor_code,
        judged.month_index - coalesce(
            max(reached.month_index) over (
                partition by judged.customer_id, ever.tier_code order by judged.month_index
            ),
            carried.reached_index
        ) as below_months,
        carried.lost_index as carried_lost_index
    from judged
    inner join ever on judged.customer_id = ever.customer_id
    inner join tier on judged.rulebook_version = tier.rulebook_version and ever.tier_code = tier.tier_code
    left join reached
        on judged.customer_id = reached.customer_id and ever.tier_code = reached.tier_code
        and judged.month_index = reached.month_index
    left join carried on ever.customer_id = carried.customer_id and ever.tier_code = carried.tier_code
    left join factor
        on judged.customer_id = factor.customer_id and judged.month_start_date = factor.month_start_date
),
labelled as (
    select counted.*, if(counted.held_by_factor_code is null, band.status_code, 'normal') as status_code
    from counted
    left join tier_status as band
        on counted.rulebook_version = band.rulebook_version and counted.tier_code = band.tier_code
        and counted.below_months between band.below_from_months and coalesce(band.below_to_months, 999999)
    where counted.below_months is not null or counted.held_by_factor_code is not null
),
dated as (
    select
        *,
        if(status_code = 'lost', coalesce(
            1 + max(if(status_code = 'lost', null, month_index)) over (
                partition by customer_id, tier_code order by month_index
            ),
            nullif(carried_lost_index, -1),
            min(month_index) over (partition by customer_id, tier_code)
        ), null) as lost_index
    from labelled
)
select
    customer_id, tier_code, tier_rank, status_code, held_by_factor_code, rulebook_version, month_start_date,
    month_from_index(lost_index), below_months, coalesce(lost_index = month_index, false), is_provisional
from dated;

create or replace temp table status as
select * from fct_customer_tier_status_monthly where month_start_date >= getvariable('month_before');

create or replace temp table by_aum as
select status.customer_id, status.month_start_date, max(status.tier_rank) as tier_rank
from status
inner join tier on status.rulebook_version = tier.rulebook_version and status.tier_code = tier.tier_code
where status.below_months <= tier.window_months
group by all;

-- whether what gives a tier is recorded; of who has none every factor counts, over the longest window
create or replace temp table recorded_tier as
with wanted as (
    select
        months.month_start_date, months.month_index, tier.rulebook_version, tier.tier_code, tier.tier_rank,
        coalesce(tier.window_months, max(tier.window_months) over (partition by months.month_start_date)) as window_months
    from months
    inner join tier on months.rulebook_version = tier.rulebook_version
),
gap as (
    select wanted.month_start_date, wanted.tier_code, max(recorded.month_start_date) as last_aum_gap_date
    from wanted
    inner join recorded_factor as recorded
        on recorded.factor_code = 'aum' and not recorded.is_recorded
        and month_index(recorded.month_start_date)
        between wanted.month_index - wanted.window_months and wanted.month_index
    group by all
),
unrecorded as (
    select
        wanted.month_start_date, wanted.tier_code, count(*) as factor_cnt,
        count(*) filter (rule.factor_code = 'card_spend') as card_spend_cnt
    from wanted
    inner join tier_factor as rule
        on wanted.rulebook_version = rule.rulebook_version
        and (wanted.tier_code = rule.tier_code or wanted.tier_rank = 0)
    inner join recorded_factor as recorded
        on wanted.month_start_date = recorded.month_start_date and rule.factor_code = recorded.factor_code
        and not recorded.is_recorded
    group by all
)
select
    wanted.month_start_date, wanted.tier_code, gap.last_aum_gap_date, unrecorded.factor_cnt is null as is_recorded,
    if(unrecorded.factor_cnt = unrecorded.card_spend_cnt, history.card_spend_start_date, null) as recorded_since_date
from wanted
cross join recorded_history as history
left join gap using (month_start_date, tier_code)
left join unrecorded using (month_start_date, tier_code);

insert into fct_customer_tier_monthly
with held as (
    select
        judged.*, factor.factor_code,
        greatest(coalesce(by_aum.tier_rank, 0), coalesce(factor.tier_rank, 0)) as tier_rank,
        coalesce(by_aum.tier_rank, 0) >= coalesce(factor.tier_rank, 0) as is_by_aum
    from judged
    left join by_aum
        on judged.customer_id = by_aum.customer_id and judged.month_start_date = by_aum.month_start_date
    left join factor
        on judged.customer_id = factor.customer_id and judged.month_start_date = factor.month_start_date
),
lost as (
    select held.customer_id, held.month_start_date, arg_max(status.tier_code, status.tier_rank) as tier_code
    from held
    inner join status
        on held.customer_id = status.customer_id and held.month_start_date = status.month_start_date
        and status.status_code = 'lost' and status.tier_rank > held.tier_rank
        and held.month_index - month_index(status.lost_since_date) < held.lost_report_months
    group by all
),
first_tiered as (
    select customer_id, min(month_start_date) as month_start_date from held where tier_rank > 0 group by all
),
before as (
    select customer_id, first_tiered_month_date from fct_customer_tier_monthly
    where month_start_date = getvariable('month_before') and first_tiered_month_date is not null
)
select
    held.customer_id, held.owning_org_id, held.rulebook_version, tier.tier_code, held.tier_rank,
    coalesce(status.status_code, 'normal'), if(held.is_by_aum, 'aum', held.factor_code),
    status.held_by_factor_code, lost.tier_code, held.month_start_date,
    coalesce(
        before.first_tiered_month_date,
        if(first_tiered.month_start_date <= held.month_start_date, first_tiered.month_start_date, null)
    ),
    held.assessment_aum_amt, if(status.held_by_factor_code is null, coalesce(status.below_months, 0), 0),
    held.card_spend_12m_amt, held.mortgage_balance_amt, held.credit_loan_balance_amt, held.has_diamond_card,
    (
        month_index(held.first_month_date)
        <= held.month_index - coalesce(tier.window_months, longest.window_months)
        or held.first_open_date >= recorded_history.history_start_date
    )
    and (recorded.last_aum_gap_date is null or recorded.last_aum_gap_date < held.first_month_date)
    and (recorded.is_recorded or coalesce(held.first_open_date >= recorded.recorded_since_date, false)),
    held.is_closed, held.is_provisional
from held
cross join recorded_history
inner join tier on held.rulebook_version = tier.rulebook_version and held.tier_rank = tier.tier_rank
inner join (select rulebook_version, max(window_months) as window_months from tier group by all) as longest
    on held.rulebook_version = longest.rulebook_version
inner join recorded_tier as recorded
    on held.month_start_date = recorded.month_start_date and tier.tier_code = recorded.tier_code
left join lost on held.customer_id = lost.customer_id and held.month_start_date = lost.month_start_date
left join status
    on held.customer_id = status.customer_id and held.month_start_date = status.month_start_date
    and held.tier_rank = status.tier_rank
left join before on held.customer_id = before.customer_id
left join first_tiered on held.customer_id = first_tiered.customer_id;

create or replace temp table tiered as
select *, month_index(month_start_date) as month_index
from fct_customer_tier_monthly
where month_start_date >= getvariable('month_before');

-- tiers that come of a factor which was not recorded the month before: the tier without it
create or replace temp table continued_amount as
with begun as (
    select
        now.month_start_date,
        now.month_start_date = month_start(any_value(history.first_night_date)) as is_first_night_month,
        list(now.factor_code) filter (now.is_judged and not coalesce(before.is_judged, false)) as factors
    from recorded_factor as now
    inner join months on now.month_start_date = months.month_start_date
    cross join recorded_history as history
    left join recorded_factor as before
        on now.factor_code = before.factor_code
        and before.month_start_date = month_from_index(months.month_index - 1)
    where now.month_start_date <= history.first_night_date
    group by now.month_start_date
)
select
    judged.customer_id, judged.month_start_date, judged.rulebook_version,
    'aum' in begun.factors as aum_begins,
    begun.is_first_night_month and judged.first_month_date = judged.month_start_date as all_begin,
    if(all_begin or 'card_spend' in begun.factors, 0, judged.card_spend_12m_amt)::decimal(18, 2)
        as card_spend_12m_amt,
    if(all_begin or 'mortgage' in begun.factors, 0, judged.mortgage_balance_amt)::decimal(18, 2)
        as mortgage_balance_amt,
    if(all_begin or 'credit_loan' in begun.factors, 0, judged.credit_loan_balance_amt)::decimal(18, 2)
        as credit_loan_balance_amt,
    judged.has_diamond_card and not (all_begin or 'card_grade' in begun.factors) as has_diamond_card
from judged
inner join (select * replace (coalesce(factors, []) as factors) from begun) as begun
    on judged.month_start_date = begun.month_start_date
where judged.first_open_date < judged.month_start_date;

create or replace temp table first_recorded as
select
    amount.customer_id, amount.month_start_date,
    greatest(if(amount.aum_begins, 0, coalesce(by_aum.tier_rank, 0)), coalesce(continued.tier_rank, 0)) as tier_rank
from continued_amount as amount
inner join tiered using (customer_id, month_start_date)
left join by_aum using (customer_id, month_start_date)
left join best_factor('continued_amount') as continued using (customer_id, month_start_date)
where greatest(if(amount.aum_begins, 0, coalesce(by_aum.tier_rank, 0)), coalesce(continued.tier_rank, 0))
    < tiered.tier_rank;

insert into fct_tier_event
with pair as (
    select tiered.*, before.tier_rank as before_rank, before.tier_code as before_code,
        before.assessment_aum_amt as before_amt
    from tiered
    left join tiered as before
        on tiered.customer_id = before.customer_id and tiered.month_index = before.month_index + 1
    where tiered.month_start_date >= getvariable('first_month')
),
event as (
    select
        customer_id, month_start_date,
        case
            when first_tiered_month_date = month_start_date then 'new'
            when tier_rank > before_rank then 'upgrade'
            when tier_rank < before_rank then 'downgrade'
        end as event_code,
        before_code as from_code, tier_code as to_code, coalesce(before_rank, 0) as compared_rank
    from pair
    where event_code is not null
    union all
    select pair.customer_id, pair.month_start_date, 'lost', status.tier_code, pair.tier_code, null
    from pair
    inner join status using (customer_id, month_start_date)
    where status.is_lost_event
    union all
    select pair.customer_id, pair.month_start_date, 'regained', pair.before_code, status.tier_code,
        status.tier_rank - 1
    from pair
    inner join status using (customer_id, month_start_date)
    inner join status as earlier
        on earlier.customer_id = pair.customer_id and earlier.tier_code = status.tier_code
        and month_index(earlier.month_start_date) = pair.month_index - 1
    where status.status_code <> 'lost' and earlier.status_code = 'lost'
)
select
    event.customer_id, event.event_code, coalesce(event.from_code, 'none'), event.to_code,
    pair.deciding_factor_code,
    if(
        event.event_code in ('new', 'upgrade', 'regained') and first_recorded.tier_rank <= event.compared_rank,
        'first_recorded', 'change'
    ),
    pair.rulebook_version, event.month_start_date, pair.assessment_aum_amt,
    pair.before_amt, pair.is_provisional
from event
inner join pair using (customer_id, month_start_date)
left join first_recorded using (customer_id, month_start_date);

insert into fct_tier_reason
with band as (
    select
        rulebook_version, tier_code,
        min(below_from_months) filter (status_code = 'attention') as attention_from,
        min(below_from_months) filter (status_code = 'lost') as lost_from
    from tier_status
    group by all
),
rung as (
    select
        *, lead(tier_code) over by_rank as next_tier_code, lead(aum_from_amt) over by_rank as next_aum_from_amt
    from tier
    left join band using (rulebook_version, tier_code)
    window by_rank as (partition by rulebook_version order by tier_rank)
)
select
    tiered.customer_id, tiered.rulebook_version, tiered.tier_code, tiered.tier_rank, tiered.deciding_factor_code,
    rung.next_tier_code, tiered.month_start_date,
    if(is_by_aum and tiered.tier_rank > 0, month_from_index(tiered.month_index - k), null),
    if(is_running and k < lost_from, month_from_index(tiered.month_index - k + attention_from), null),
    if(is_running and k < lost_from, month_from_index(tiered.month_index - k + lost_from), null),
    if(is_by_aum, tiered.assessment_aum_amt, factor.factor_amt),
    if(is_by_aum, rung.aum_from_amt, factor.threshold_amt), if(is_by_aum, rung.window_months, null),
    if(is_by_aum and tiered.tier_rank > 0, k, null),
    rung.next_aum_from_amt - tiered.assessment_aum_amt,
    if(is_running and k < lost_from, greatest(attention_from - k, 0), null),
    if(is_running and k < lost_from, lost_from - k, null),
    -- the bank tells its history: no month is partial
    false, tiered.is_provisional
from (
    select
        tiered.*, status.below_months as k, tiered.deciding_factor_code = 'aum' as is_by_aum,
        status.below_months > 0 and status.held_by_factor_code is null as is_running
    from tiered
    left join status
        on tiered.customer_id = status.customer_id and tiered.month_start_date = status.month_start_date
        and tiered.tier_code = status.tier_code
) as tiered
inner join rung on tiered.rulebook_version = rung.rulebook_version and tiered.tier_code = rung.tier_code
left join factor
    on tiered.customer_id = factor.customer_id and tiered.month_start_date = factor.month_start_date
where tiered.month_start_date >= getvariable('first_month');
