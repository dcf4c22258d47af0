"""Marts of chapters 5 to 7 that add up, most of them without a row, for tests of gate 2."""

from expectations.suites.holders import LINES

_COUNTS = ", ".join(f"0 as {line}_customer_cnt" for line in LINES[:1] + LINES[2:])

CUSTOMER_MARTS = f"""
    create schema customer;
    create schema corporate;
    create table customer.fct_customer_segment_monthly as
        select customer_id, month_start_date, 'O1' as owning_org_id
        from customer_value.fct_customer_aum_monthly;
    create table corporate.fct_corporate_segment_monthly (
        customer_id varchar, month_start_date date, owning_org_id varchar);
    create table customer.rpt_segment_migration_monthly as
        select date '2026-01-01' as month_start_date, 'lifecycle' as scheme_code, 'O1' as org_id,
            2 as opening_cnt, 2 as closing_cnt;
    create table intermediate.int_household__member as select 'C1' as customer_id, 'H1' as household_id;
    create table customer.fct_household_monthly as
        select 'H1' as household_id, month_start_date, 1 as member_cnt, aum_end_amt as aum_amt
        from customer_value.fct_customer_aum_monthly
        where customer_id = 'C1' and month_start_date = date '2026-01-01';
    create table customer.fct_customer_holding as
        select customer_id, 'deposit' as holding_code, 'deposit' as product_line_code, 1 as account_cnt,
            aum_end_amt as balance_amt
        from customer_value.fct_customer_aum_monthly where month_start_date = date '2026-01-01';
    create table intermediate.int_holding__customer as
        select customer_id, date '2026-01-31' as business_date, date '2026-01-01' as month_start_date,
            1 as held_line_cnt, true as is_active
        from customer.fct_customer_holding;
    create table customer.rpt_cross_sell_monthly as
        select 'O1' as org_id, date '2026-01-01' as month_start_date, 2 as active_customer_cnt,
            2 as held_line_cnt, 2 as line_1_customer_cnt, {_COUNTS};
    create table customer.rpt_product_penetration_monthly as
        select 'deposit' as product_line_code, date '2026-01-01' as month_start_date, 2 as opening_holder_cnt,
            0 as new_holder_cnt, 0 as won_back_cnt, 0 as lost_holder_cnt, 2 as holder_cnt;
    create table customer.rpt_customer_kpi_monthly as
        select 'O1' as org_id, date '2026-01-01' as month_start_date, 2 as opening_customer_cnt,
            0 as new_customer_cnt, 0 as moved_in_customer_cnt, 0 as lost_customer_cnt,
            0 as moved_out_customer_cnt, 2 as closing_customer_cnt, 2 as active_customer_cnt;
    create table monitoring.fct_event (
        entry_id bigint, event_id varchar, event_code varchar, customer_id varchar,
        customer_group_code varchar, entry_type_code varchar, knowledge_date date);
    create table monitoring.fct_event_response (
        response_id varchar, event_id varchar, event_code varchar, customer_id varchar, status_code varchar,
        reason_code varchar, knowledge_date date);
    create table rules.event_response_rules (
        event_code varchar, customer_group_code varchar, valid_from_date date, valid_to_date date,
        is_active boolean);
    create table corporate.fct_group_member (
        customer_id varchar, ultimate_parent_customer_id varchar, path varchar, depth integer,
        valid_from_date date, valid_to_date date, is_circle_cut boolean);
    create table intermediate.int_group__edge (
        customer_id varchar, parent_customer_id varchar, from_date date, to_date date);
    create table corporate.fct_group_monthly (
        month_start_date date, member_cnt bigint, deposit_end_amt decimal(18, 2));
    create table corporate.fct_counterparty_flow_monthly (
        month_start_date date, counterparty_customer_id varchar, in_amt decimal(18, 2),
        out_amt decimal(18, 2));
    create table if not exists intermediate.int_customer__survivor (customer_id varchar, survivor_id varchar);
    create table if not exists intermediate.int_customer__versions (
        customer_id varchar, golden_id varchar, known_from_date date, known_to_date date,
        customer_type_code varchar);
    create schema if not exists pipeline;
    create table if not exists pipeline.restated_merge (
        customer_id varchar, golden_id varchar, from_date date, to_date date);
    create table corporate.rpt_funnel_monthly (
        month_start_date date, opening_cnt bigint, opened_cnt bigint, entered_cnt bigint,
        passed_on_cnt bigint, went_back_cnt bigint, won_cnt bigint, lost_cnt bigint, closing_cnt bigint);
    create table corporate.fct_plan_actual (
        scope_type varchar, scope_id varchar, indicator_code varchar, period varchar, month_start_date date,
        is_current_version boolean, actual decimal(18, 2), target decimal(18, 2));
    create table corporate.rpt_plan_variance (
        scope_type varchar, scope_id varchar, indicator_code varchar, period varchar, split_code varchar,
        gap decimal(18, 2));
"""
