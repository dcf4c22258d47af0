-- After the files are written: months that no later night asks for.

set variable kept_from = (select month_from_index(max(month_index) - 2) from months);
delete from fct_customer_aum_monthly where month_start_date < getvariable('kept_from');
delete from fct_customer_aum_part_monthly where month_start_date < getvariable('kept_from');
delete from fct_customer_tier_monthly where month_start_date < getvariable('kept_from');
delete from fct_tier_event where month_start_date < getvariable('kept_from');
delete from fct_tier_reason where month_start_date < getvariable('kept_from');
