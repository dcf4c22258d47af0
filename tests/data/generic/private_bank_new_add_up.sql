{% test private_bank_new_add_up(model) %}
-- Fails on any class and month in which last month's customers, the newly won and those who left do not make
-- this month's, or where the parts of a report do not add to its whole. Looks at tonight's months.

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

flows as (

    select month_start_date, class_code, 0 as opening_cnt, new_cnt, 0 as left_cnt, 0 as closing_cnt,
        new_cnt - risen_cnt - other_class_cnt - regained_cnt - new_customer_cnt - first_recorded_cnt as off_cnt
    from {{ model }}
    union all
    select month_start_date, class_code, 0, 0, left_cnt, 0,
        left_cnt - lost_cnt - closed_cnt - other_class_cnt - fallen_cnt
    from {{ ref('rpt_private_bank_lost') }}
    union all
    select month_start_date, class_code, opening_cnt, 0, 0, 0,
        opening_cnt - normal_cnt - observe_cnt - attention_cnt
        - lost_cnt - closed_cnt - other_class_cnt - fallen_cnt
    from {{ ref('rpt_private_bank_stock_loss') }}
    union all
    select month_start_date, class_code, 0, 0, 0, customer_cnt, 0
    from {{ ref('rpt_private_bank_qualified') }}

)

select
    flows.month_start_date,
    flows.class_code,
    sum(flows.opening_cnt) as opening_cnt,
    sum(flows.new_cnt) as new_cnt,
    sum(flows.left_cnt) as left_cnt,
    sum(flows.closing_cnt) as closing_cnt
from flows
inner join months on flows.month_start_date = months.month_start_date
group by flows.month_start_date, flows.class_code
having
    sum(flows.opening_cnt) + sum(flows.new_cnt) - sum(flows.left_cnt) <> sum(flows.closing_cnt)
    or sum(abs(flows.off_cnt)) <> 0

{% endtest %}
