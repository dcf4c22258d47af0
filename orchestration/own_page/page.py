"""The page: Chinese first, English beside it. One file, no script, nothing from elsewhere.

On a wide screen lists are tables; on a phone each row is a card, with the heading before each value.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from html import escape

from orchestration import html_parts as parts
from orchestration.own_page.figures import Own, Row

_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { font: 15px/1.5 "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", system-ui, sans-serif; }
body { color: #0f172a; background: #f1f5f9; margin: 0; }
main { max-width: 1120px; margin: 0 auto; padding: 14px; }
h1 { font-size: 22px; margin: 0; }
h2 { font-size: 17px; margin: 0 0 8px; }
small, .en, .none, footer { color: #64748b; font-weight: 400; }
nav { display: flex; flex-wrap: wrap; gap: 8px; margin: 10px 0 0; }
nav a { color: #1d4ed8; text-decoration: none; background: #e0e7ff; border-radius: 14px; padding: 3px 12px; }
section, .tile { background: #fff; border-radius: 8px; padding: 12px 14px; box-shadow: 0 1px 2px #0f172a1a; }
section { margin: 12px 0; }
.tiles { display: grid; gap: 10px; grid-template-columns: repeat(4, 1fr); margin: 12px 0; }
.tile b { display: block; font-size: 22px; line-height: 1.35; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { color: #64748b; font-weight: 500; font-size: 13px; }
td, th { padding: 5px 8px; text-align: right; border-bottom: 1px solid #e2e8f0; }
td.text, th.text { text-align: left; }
td.text small { display: block; }
td.now { font-weight: 600; color: #b45309; }
.soon { color: #b91c1c; font-weight: 600; }
details summary { cursor: pointer; color: #1d4ed8; padding: 8px 0; }
footer { margin: 10px 2px; font-size: 13px; }
@media (max-width: 720px) {
  .tiles { grid-template-columns: 1fr 1fr; }
  table, tbody, tr, td { display: block; }
  tr.head { display: none; }
  tr { border-bottom: 1px solid #cbd5e1; padding: 8px 0; }
  tr:last-child { border-bottom: 0; }
  td { display: flex; justify-content: space-between; gap: 12px; border: 0; padding: 2px 0; }
  td::before { content: attr(data-label); color: #64748b; flex: none; }
  td.text { text-align: right; }
  td.first { justify-content: flex-start; font-weight: 600; }
  td.first::before { content: none; }
  td.first small { display: inline; margin-left: 6px; }
  td:empty { display: none; }
}
@media print { body { background: #fff; } tr { break-inside: avoid; } }
"""

_SHOWN = 30
"""Rows of a list that are open; the others are one touch away."""

_SOON_DAYS = 7


def render(own: Own) -> str:
    """The page of one manager or org."""
    who = "客户经理" if own.kind == "rm" else "机构"
    title = f"{own.name or own.number} · 我的客户"
    body = "\n".join(
        [
            f"<header><h1>{escape(own.name or own.number)} <small>{who} {escape(own.number)}</small></h1>"
            f'<div>我的客户 <span class="en">My customers</span> · 数据日期 as of {own.business_date}</div>'
            '<nav><a href="#calls">预警</a><a href="#due">到期</a><a href="#ranks">排名</a>'
            '<a href="#disputes">争议</a><a href="#customers">客户</a></nav></header>',
            _tiles(own),
            _calls(own),
            _due(own),
            _ranks(own),
            _disputes(own),
            _customers(own),
            f"<footer>发布 release {escape(own.release)} · 金额 amounts in {escape(own.currency)} · "
            "姓名已脱敏 names are masked</footer>",
        ]
    )
    return (
        '<!DOCTYPE html>\n<html lang="zh">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body><main>\n{body}\n"
        "</main></body>\n</html>\n"
    )


def _tiles(own: Own) -> str:
    last = sum(call["warning_code"] == "last_month" for call in own.calls)
    falling = sum(
        (row["amount_amt"] or Decimal(0) for row in own.due if row["calendar_line_code"] == "maturity"),
        Decimal(0),
    )
    tiles = [
        ("客户", "customers", f"{own.customer_cnt:,}"),
        (
            "管理资产 (今日)",
            "AUM today",
            f"{parts.wan(own.aum_amt)} <small>{parts.unit(own.currency)}</small>",
        ),
        (
            "流失预警",
            "may lose the tier",
            f"{len(own.calls):,} <small>{f'其中 {last} 户下月流失' if last else ''}</small>",
        ),
        (
            "30日内到期资金",
            "money maturing",
            f"{parts.wan(falling)} <small>{parts.unit(own.currency)}</small>",
        ),
    ]
    return (
        '<div class="tiles">'
        + "".join(
            f'<div class="tile">{zh} <span class="en">{en}</span><b>{value}</b></div>'
            for zh, en, value in tiles
        )
        + "</div>"
    )


def _calls(own: Own) -> str:
    """Whom to call before a tier is lost, the most urgent first."""
    heads = [
        "客户",
        "等级",
        "流失月份",
        "考核资产",
        "等级标准",
        "月均差额",
        "明日前需补足",
        "最近接触",
        *_whose_heads(own),
    ]
    # there is none on a month's last day, nor where the rulebook judges earlier months as well
    is_last_day = (own.business_date + timedelta(days=1)).day == 1
    without = "本月已无法补足" if is_last_day else "按多月考核，不计算"
    rows: list[list[Cell]] = [
        [
            _customer(row),
            _name(own, "tier_code", row["tier_code"]),
            _loss(row),
            _amount(row["aum_amt"]),
            _amount(row["threshold_amt"]),
            _amount(row["missing_amt"]),
            ("now", _amount(row["top_up_amt"]) or without),
            _day(row["last_contact_date"]),
            *_whose(own, row, row["owning_org_name"] or row["org_id"]),
        ]
        for row in own.calls
    ]
    about = (
        '<p class="none">明日前需补足：明日前存入并保持到月末，使本月考核数达到等级标准的金额。'
        "What, paid in by tomorrow and left there, brings the month's figure to the threshold.</p>"
    )
    return _section("calls", "流失预警", "whom to call", about + _list(heads, rows))


def _due(own: Own) -> str:
    heads = ["客户", "日期", "事项", "金额", *_whose_heads(own)[1:]]
    rows: list[list[Cell]] = [
        [
            _customer(row),
            _due_day(row),
            _name(own, "calendar_line_code", row["calendar_line_code"]),
            _amount(row["amount_amt"]),
            *_whose(own, row, "")[1:],
        ]
        for row in own.due
    ]
    return _section("due", "到期与还款", "what falls due in 30 days", _list(heads, rows))


def _ranks(own: Own) -> str:
    is_org = own.kind == "org"
    heads = ["产品", *(["客户经理"] if is_org else []), "笔数", "金额", "全行排名", "机构内排名"]
    names = own.names | {("sales_product_code", "all"): "合计"}
    rows: list[list[Cell]] = [
        [
            ("text first", _named(names, "sales_product_code", row["sales_product_code"])),
            *([("text", escape(row["employee_name"] or row["employee_id"]))] if is_org else []),
            f"{row['sales_cnt'].normalize():f}",
            _amount(row["credit_amt"]),
            f"{row['rank_number']}",
            "" if row["rank_in_org_number"] is None else f"{row['rank_in_org_number']}",
        ]
        for row in own.ranks
    ]
    return _section("ranks", "销售排名", "sales this month", _list(heads, rows))


def _disputes(own: Own) -> str:
    heads = ["登记号", "客户", "产品", "交易日", "登记员工", "系统归属", "金额", "天数"]
    rows: list[list[Cell]] = [
        [
            ("text first", escape(row["registration_id"])),
            ("text", escape(row["customer_id"] or "")),
            _name(own, "sales_product_code", row["sales_product_code"]),
            _day(row["trade_date"]),
            ("text", escape(row["employee_id"])),
            ("text", escape(row["credited_employee_id"] or "")),
            f"{_amount(row['trade_amt'])} {escape(row['currency_code'] or '')}".strip(),
            f"{row['age_days']}",
        ]
        for row in own.disputes
    ]
    return _section("disputes", "业绩争议", "sales that are disputed", _list(heads, rows))


def _customers(own: Own) -> str:
    heads = [
        "客户",
        "等级",
        "状态",
        "今日资产",
        "本月日均",
        "较上月",
        "升级尚缺",
        "最近接触",
        *_whose_heads(own),
    ]
    rows: list[list[Cell]] = [
        [
            _customer(row),
            _name(own, "tier_code", row["tier_code"]),
            _name(own, "status_code", row["status_code"]),
            _amount(row["aum_amt"]),
            _amount(row["aum_month_avg_amt"]),
            _change(row["aum_change_month_amt"]),
            _to_next(own, row),
            _day(row["last_contact_date"]),
            *_whose(own, row, row["owning_org_name"] or row["owning_org_id"]),
        ]
        for row in own.customers
    ]
    rest = own.customer_cnt - len(own.customers)
    told = f"另有 {rest:,} 户，见同一文件夹的数据库。{rest:,} more are in the database beside."
    more = f'<p class="none">{told}</p>' if rest else ""
    return _section("customers", "客户清单", "by AUM of today", _list(heads, rows) + more)


Cell = str | tuple[str, str]
"""What a cell shows, as HTML; with its style where it is not a number."""


def _section(anchor: str, zh: str, en: str, body: str) -> str:
    return f'<section id="{anchor}"><h2>{zh} <span class="en">{en}</span></h2>{body}</section>'


def _list(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    if not rows:
        return '<p class="none">无 none</p>'
    first = _table(heads, rows[:_SHOWN])
    if len(rows) <= _SHOWN:
        return first
    rest = len(rows) - _SHOWN
    summary = f"<summary>其余 {rest:,} 条 · {rest:,} more</summary>"
    return f"{first}<details>{summary}{_table(heads, rows[_SHOWN:])}</details>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    styles = [cell[0] if isinstance(cell, tuple) else "" for cell in rows[0]]
    head = "".join(
        f'<th class="{"text" if "text" in style else ""}">{text}</th>'
        for text, style in zip(heads, styles, strict=True)
    )
    lines = []
    for row in rows:
        cells = (cell if isinstance(cell, tuple) else ("", cell) for cell in row)
        lines.append(
            "<tr>"
            + "".join(
                f'<td class="{style}" data-label="{text}">{shown}</td>'
                for text, (style, shown) in zip(heads, cells, strict=True)
            )
            + "</tr>"
        )
    return f'<table><tr class="head">{head}</tr>{"".join(lines)}</table>'


def _whose_heads(own: Own) -> list[str]:
    """Headings that only the page of an org needs: it has many managers."""
    return ["机构", "客户经理"] if own.kind == "org" else []


def _whose(own: Own, row: Row, org: str) -> list[Cell]:
    if own.kind != "org":
        return []
    return [("text", escape(org)), ("text", escape(row["employee_name"] or "无"))]


def _customer(row: Row) -> Cell:
    name = escape(row["customer_name"] or "")
    return "text first", f"{name}<small>{escape(row['customer_id'])}</small>"


def _name(own: Own, kind: str, code: str | None) -> Cell:
    return "text", _named(own.names, kind, code)


def _named(names: Mapping[tuple[str, str], str], kind: str, code: str | None) -> str:
    return escape(names.get((kind, code or ""), code or ""))


def _loss(row: Row) -> Cell:
    if row["loss_month_date"] is None:
        return ""
    shown = f"{row['loss_month_date']:%Y-%m}"
    return f'<span class="soon">{shown}</span>' if row["warning_code"] == "last_month" else shown


def _due_day(row: Row) -> Cell:
    shown = f"{row['due_date']:%m-%d} ({row['days_left']} 天)"
    return f'<span class="soon">{shown}</span>' if row["days_left"] <= _SOON_DAYS else shown


def _to_next(own: Own, row: Row) -> str:
    if row["next_tier_code"] is None or row["next_tier_missing_amt"] is None:
        return ""
    name = _named(own.names, "tier_code", row["next_tier_code"])
    return f"{_amount(row['next_tier_missing_amt'])} <small>{name}</small>"


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:,.2f}"


def _change(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:+,.2f}"


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()
