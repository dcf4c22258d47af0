"""The page's boxes on assets and events. They say nothing of any customer."""

from datetime import date
from decimal import Decimal
from html import escape

from orchestration import html_parts as parts
from orchestration.code_names import code_names
from orchestration.night_report.assets import Assets, moved_tonight
from orchestration.night_report.charts import bar

_PARTS = {
    "scope_amt": "口径变化 scope",
    "fx_amt": "汇率变化 exchange rates",
    "new_money_in_amt": "行外流入 new money in",
    "money_out_amt": "行外流出 money out",
    "transfer_in_amt": "行内转入 transfers in",
    "transfer_out_amt": "行内转出 transfers out",
    "own_transfer_amt": "本人互转 own transfers",
    "interest_amt": "利息 interest",
    "fee_amt": "手续费 fees",
    "loan_flow_amt": "贷款收放 loans",
    "overdraft_amt": "透支变化 overdrafts",
    "investment_result_amt": "投资损益 investment result",
    "unexplained_amt": "未解释 unexplained",
}


def bridge(today: date, now: Assets, before: tuple[date, Assets] | None, unit: str) -> str:
    """What moved AUM since the night before, part by part.

    Args:
        before: Date and figures of the night before; without one, the month's figures are shown.
        unit: The unit of amounts, as the page says it.
    """
    moved = moved_tonight(today, now.parts, before[1].parts, before[0]) if before else now.parts
    most = max((abs(part.amount_amt) for part in moved), default=Decimal(0)) or Decimal(1)
    rows = [
        parts.row(
            _PARTS[part.part],
            parts.text(
                bar(float(abs(part.amount_amt) / most), "less" if part.amount_amt < 0 else ""), "wide text"
            ),
            parts.wan_change(part.amount_amt, Decimal(0)),
        )
        for part in moved
        if part.amount_amt
    ]
    total = sum((part.amount_amt for part in moved), Decimal(0))
    rows.append(
        parts.row("<b>合计 total</b>", parts.text("", "wide text"), parts.wan_change(total, Decimal(0)))
    )
    table = parts.table(("变动 part", "", unit), rows)
    said = "对公客户在内 corporate customers included"
    if before is None:
        said = f"本月至今 month to date · {said}"
    return parts.section("资产变动", "what moved AUM", f'{table}<p class="none">{said}</p>')


def _english(code: str) -> str:
    name = code_names().get(("event_code", code))
    return escape(name.en.lower() if name else code)


def events(now: Assets, unit: str) -> str:
    """What the night told, and how many reminders went out or were held back."""
    largest = [
        parts.row(
            f'{escape(event.name_zh)} <span class="en">{_english(event.event_code)}</span>',
            parts.text(escape(event.org_name)),
            parts.wan(event.amount_amt),
        )
        for event in now.largest
    ]
    sent = [
        parts.row(
            parts.coded("channel_code", one.channel_code),
            parts.text(parts.coded("status_code", one.status_code)),
            parts.text(parts.coded("reason_code", one.reason_code)),
            f"{one.response_cnt:,}",
        )
        for one in now.reminders
    ]
    body = f"<p>{now.event_cnt:,} 个事件 events</p>"
    if largest:
        body += parts.table(("最大的 largest", "机构 org", unit), largest)
    if sent:
        body += parts.heading("提醒", "reminders")
        body += parts.table(("渠道 channel", "状态 status", "原因 reason", "条 count"), sent)
    return parts.section("事件", "events told tonight", body)
