"""Of the dashboard of asset movements and events."""

from tests.bi.expected.shared import AS_OF, NEWEST, Expected, code, org, staff

_BRIDGE = f"from monitoring.fct_aum_bridge_monthly where {NEWEST}"
_PARTS = (
    ("new_money_in_amt", "1 新增资金流入 New money in"),
    ("money_out_amt", "2 资金流出 Money out"),
    ("transfer_in_amt", "3 行内转入 Transfers in"),
    ("transfer_out_amt", "4 行内转出 Transfers out"),
    ("own_transfer_amt", "5 本人转账 Own transfers"),
    ("interest_amt", "6 利息 Interest"),
    ("fee_amt", "7 费用 Fees"),
    ("loan_flow_amt", "8 贷款收付 Loans"),
    ("investment_result_amt", "9 投资损益 Investments"),
    ("fx_amt", "A 汇率 Currencies"),
    ("scope_amt", "B 口径变动 Scope"),
    ("overdraft_amt", "C 透支 Overdrafts"),
    ("unexplained_amt", "D 未解释 Unexplained"),
)
_WATERFALL = " union all ".join(
    f"select '{name}', sum({column}) / 10000 {_BRIDGE}" for column, name in _PARTS
)

_STANDS = """from monitoring.fct_event as told where entry_type_code = 'event' and not exists (
    select 1 from monitoring.fct_event as later
    where later.event_id = told.event_id and later.entry_id > told.entry_id)"""
_TONIGHT = f"{_STANDS} and business_date = (select business_date from quality.data_as_of)"
_OF_MONTH = f"""{_STANDS}
    and date_trunc('month', business_date) = (select date_trunc('month', business_date) from data_as_of)"""
_CLASS = code("reminder_class_code", "reminder_class_code")
_RESPONSES = """from monitoring.fct_event_response
    where date_trunc('month', business_date) = (select date_trunc('month', business_date) from data_as_of)"""
_DUE = code("calendar_line_code", "calendar_line_code")
_STATUS = "if(status_code = 'to_send', '发送 Sent', '拦截 Held back')"

ASSETS = {
    "数据截止 Data as of": AS_OF,
    "当晚事件 Events tonight": Expected(f"select count(*) {_TONIGHT}", ("events",)),
    "期初时点资产（万元） AUM at the opening, 10,000 yuan": Expected(
        f"select sum(opening_amt) / 10000 {_BRIDGE}", ("opening",)
    ),
    "期末时点资产（万元） AUM at the end, 10,000 yuan": Expected(
        f"select sum(aum_end_amt) / 10000 from customer_value.fct_customer_aum_monthly where {NEWEST}",
        ("closing",),
    ),
    "资产变动桥（万元） AUM bridge: what moved it, 10,000 yuan": Expected(
        f"from ({_WATERFALL})", ("part_name", "amount")
    ),
    "各网点净新增资金（万元） Net new money by branch": Expected(
        f"""select {org("owning_org_id")}, 'net_new_money', sum(new_money_in_amt + money_out_amt) / 10000
        {_BRIDGE} group by all"""
    ),
    "各网点资产变动桥（万元） AUM bridge by branch, 10,000 yuan": Expected(
        f"""select {org("owning_org_id")}, sum(opening_amt) / 10000, sum(new_money_in_amt) / 10000,
            sum(money_out_amt) / 10000, sum(transfer_in_amt + transfer_out_amt + own_transfer_amt) / 10000,
            sum(interest_amt + fee_amt + loan_flow_amt) / 10000,
            sum(investment_result_amt + fx_amt) / 10000, sum(scope_amt + overdraft_amt) / 10000,
            sum(unexplained_amt) / 10000, sum(closing_amt) / 10000
        {_BRIDGE} group by all""",
        (
            "org_name",
            "opening",
            "new_money_in",
            "money_out",
            "transfers",
            "booked",
            "market",
            "scope",
            "unexplained",
            "closing",
        ),
    ),
    "本月事件数 Events of the month": Expected(
        f"""select {code("event_code", "event_code")}, {_CLASS}, count(*) {_OF_MONTH} group by all"""
    ),
    "事件跟进 What came of events": Expected(
        f"""select {_CLASS}, {code("event_code", "event_code")}, count(*),
            coalesce(sum(amount_amt), 0) / 10000
        {_OF_MONTH} group by all""",
        ("class_name", "event_name", "events", "amount"),
    ),
    "提醒发送与拦截 Reminders sent and held back": Expected(
        f"""select {code("channel_code", "channel_code")}, {_STATUS}, count(*) {_RESPONSES} group by all"""
    ),
    "提醒去向与拦截原因 Where reminders went, why held back": Expected(
        f"""select {_STATUS}, coalesce({code("reason_code", "reason_code")}, '—'),
            {code("channel_code", "channel_code")}, {code("recipient_type_code", "recipient_type_code")},
            count(*)
        {_RESPONSES} group by all""",
        ("status_name", "reason_name", "channel_name", "recipient_name", "responses"),
    ),
    "未来30天到期（笔数） Due in the next 30 days": Expected(
        f"""select strftime(due_date, '%Y-%m-%d'), {_DUE}, count(*)
        from workbench.feed_calendar group by all"""
    ),
    "到期金额（万元） What falls due, 10,000 yuan": Expected(
        f"""select {_DUE}, count(*), count(distinct customer_id),
            sum(amount_amt) / 10000
        from workbench.feed_calendar group by all""",
        ("line_name", "lines", "customers", "amount"),
    ),
    "当晚事件清单 Events told tonight": Expected(
        f"""select priority, {code("event_code", "event_code")}, customer_id, {org("owning_org_id")},
            employee_id, {staff("employee_id")}, amount_amt / 10000
        {_TONIGHT} order by priority, round(amount_amt / 10000, 2) desc nulls last, event_id""",
        ("priority", "event_name", "customer_id", "org_name", "employee_id", "employee_name", "amount_wan"),
        limit=50,
    ),
}
