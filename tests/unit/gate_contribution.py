"""A month of contribution that adds up, written by hand, for tests of gate 2."""

CONTRIBUTION_MARTS = """
    create schema contribution;
    create table contribution.fct_account_contribution_monthly as
        select *, 0.00::decimal(18, 2) as loan_nii_amt, 5.00::decimal(18, 2) as fee_income_amt,
            0.00::decimal(18, 2) as direct_cost_amt, -1.00::decimal(18, 2) as allocated_cost_amt,
            0.00::decimal(18, 2) as expected_loss_amt, -2.00::decimal(18, 2) as capital_charge_amt,
            (deposit_nii_amt + 4)::decimal(18, 2) as contribution_amt,
            (deposit_nii_amt + 2)::decimal(18, 2) as eva_amt, false as is_partial_month
        from (values
            ('A1', 'DEP', 'C1', 'O2', date '2026-01-01', 10.00::decimal(18, 2)),
            ('A2', 'OVD', 'C2', 'O1', date '2026-01-01', 20.00::decimal(18, 2)),
            ('A1', 'DEP', 'C1', 'O2', date '2025-12-01', 7.00::decimal(18, 2))
        ) as t(account_id, product_code, customer_id, org_id, month_start_date, deposit_nii_amt);
    create table contribution.fct_customer_contribution_monthly as
        select * from contribution.fct_account_contribution_monthly;
    create table contribution.fct_rm_contribution_monthly as
        select * from contribution.fct_account_contribution_monthly;
    create table contribution.agg_product_contribution_monthly as
        select * from contribution.fct_account_contribution_monthly;
    create table contribution.agg_tier_contribution_monthly as
        select * from contribution.fct_account_contribution_monthly;
    create table contribution.agg_org_contribution_monthly as
        select * from (values
            ('O2', 'O1', date '2026-01-01', 14.00, 14.00), ('O1', null, date '2026-01-01', 24.00, 38.00),
            ('O2', 'O1', date '2025-12-01', 11.00, 11.00), ('O1', null, date '2025-12-01', 0.00, 11.00)
        ) as t(org_id, parent_org_id, month_start_date, own_amt, rolled_up_amt);
    create table contribution.fct_cost_pool_monthly as
        select *, cost_amt as counted_amt, cost_amt as allocated_amt, 'P1' as cost_pool_id, 'O1' as org_id,
            'O1' as bearing_org_id, month_start_date as cost_month_date, cost_amt as driver_total,
            cost_amt::bigint as line_cnt
        from (values (date '2026-01-01', 2.00), (date '2025-12-01', 1.00)) as t(month_start_date, cost_amt);
    create table contribution.fct_cost_allocation_monthly as
        select 'P1' as cost_pool_id, 'O1' as pool_org_id, 'O1' as bearing_org_id,
            month_start_date as cost_month_date, account_id, product_code, org_id, month_start_date,
            1.000000::decimal(18, 6) as driver_count, 1.00::decimal(18, 2) as cost_amt
        from contribution.fct_account_contribution_monthly;
    create table contribution.rpt_contribution_change as
        select date '2026-01-01' as month_start_date, customer_id,
            previous_contribution_amt, contribution_amt,
            contribution_amt - previous_contribution_amt as total_amt, 1.00::decimal(18, 2) as volume_amt,
            2.00::decimal(18, 2) as rate_amt, 0.00::decimal(18, 2) as new_closed_amt,
            contribution_amt - previous_contribution_amt - 3.00::decimal(18, 2) as mix_amt
        from (values
            ('C1', 11.00::decimal(18, 2), 14.00::decimal(18, 2)),
            ('C2', 0.00::decimal(18, 2), 24.00::decimal(18, 2))
        ) as t(customer_id, previous_contribution_amt, contribution_amt);
"""
