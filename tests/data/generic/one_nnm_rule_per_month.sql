{% test one_nnm_rule_per_month(model) %}
-- Fails on a rule whose parts begin in different months, on two rules that begin in the same one, and on a month of the
-- house's time without a rule.

select nnm_rule_code, cast(null as date) as valid_from_month
from {{ model }}
group by nnm_rule_code
having
    count(distinct coalesce(valid_from_month, cast('1900-01-01' as date))) > 1
    or count(valid_from_month) not in (0, count(*))

union all

select min(nnm_rule_code) as nnm_rule_code, valid_from_month
from {{ model }}
where valid_from_month is not null
group by valid_from_month
having count(distinct nnm_rule_code) > 1

union all

select cast(null as varchar) as nnm_rule_code, min(valid_from_month) as valid_from_month
from {{ model }}
having min(valid_from_month) is null or min(valid_from_month) > cast('1990-01-01' as date)

{% endtest %}
