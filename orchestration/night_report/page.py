"""The page: Chinese first, English beside it; amounts in 万元. It says nothing of any customer."""

from collections.abc import Iterable
from decimal import Decimal
from html import escape

from orchestration import html_parts as parts
from orchestration.night_report.charts import bar, heat, line_chart
from orchestration.night_report.figures import Figures, Move, TierRow
from orchestration.night_report.page_assets import bridge, events

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", system-ui, sans-serif; }
body { color: #0f172a; background: #f1f5f9; margin: 0; }
main { max-width: 1120px; margin: 0 auto; padding: 20px; }
h1 { font-size: 24px; margin: 0 0 2px; }
h2 { font-size: 17px; margin: 0 0 8px; }
section h2:not(:first-child) { margin-top: 16px; }
small, .en, .none, footer { color: #64748b; font-weight: 400; }
.tiles, .two, .three { display: grid; gap: 14px; margin: 14px 0; align-items: start; }
.tiles { grid-template-columns: repeat(5, 1fr); }
.two { grid-template-columns: 1fr 1fr; }
.three { grid-template-columns: 1fr 1fr 1fr; gap: 24px; margin: 0; }
section, .tile { background: #fff; border-radius: 8px; padding: 14px 16px; box-shadow: 0 1px 2px #0f172a1a; }
.tile { font-size: 14px; }
.tile b { display: block; font-size: 25px; line-height: 1.3; white-space: nowrap; }
.up { color: #15803d; }
.down { color: #b91c1c; }
.banner { border-left: 6px solid #15803d; }
.banner.warn { border-color: #b45309; }
table { border-collapse: collapse; width: 100%; }
th { color: #64748b; font-weight: 500; font-size: 13px; }
td, th { padding: 4px 6px; text-align: right; border-bottom: 1px solid #e2e8f0; white-space: nowrap; }
td:first-child, th:first-child, td.text { text-align: left; }
td.text { white-space: normal; overflow-wrap: anywhere; }
td.wide { width: 34%; }
.bar { display: inline-block; height: 12px; border-radius: 2px; background: #1d4ed8; vertical-align: middle; }
.bar.soft { background: #93c5fd; }
.bar.less { background: #fca5a5; }
svg { width: 100%; height: auto; }
.tick { font-size: 11px; fill: #64748b; text-anchor: middle; }
.start { text-anchor: start; }
.mark { font-size: 13px; font-weight: 600; fill: #1d4ed8; text-anchor: end; }
.heat td { text-align: center; border: 2px solid #fff; }
footer { margin: 10px 2px; }
@media (max-width: 820px) {
  .tiles { grid-template-columns: 1fr 1fr; }
  .two, .three { grid-template-columns: minmax(0, 1fr); }
  main { padding: 10px; }
}
@media (max-width: 600px) {
  .tiles { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
  .tile b { font-size: 20px; white-space: normal; }
  section, .tile { padding: 12px 10px; }
  /* figures stay, bars go, headings break */
  td.wide, th.wide { display: none; }
  th { white-space: normal; vertical-align: bottom; }
  td, th { padding: 4px 3px; font-size: 13px; }
  td:first-child { white-space: normal; }
  .heat { table-layout: fixed; }
  .heat td, .heat th { font-size: 11px; padding: 4px 0; border-width: 1px; overflow-wrap: anywhere; }
}
details summary { cursor: pointer; color: #1d4ed8; padding: 6px 0; }
@media print { body { background: #fff; } section { break-inside: avoid; } }
"""

_WARNED = ("attention", "lost")
_MOST_ORGS, _MOST_PRODUCTS = 12, 10
"""Of the orgs the others are one touch away."""


def render(release: str, now: Figures, before: Figures | None) -> str:
    """The report of a night, compared with the night before."""
    body = "\n".join(
        filter(
            None,
            [
                _head(release, now, before),
                _tiles(now, before),
                f'<div class="two">{_trend(now)}{_tiers(now, before)}</div>',
                f'<div class="two">{_orgs(now, before)}{_moves(now)}</div>',
                _assets(now, before),
                f'<div class="two">{_checks(now)}{_sales(now)}</div>',
                _loaded(now, before),
                f"<footer>发布 release {escape(release)} · 个人客户 personal customers · "
                f"金额单位 amounts in {parts.unit(now.currency)} · 检查明细 all checks: "
                '<a href="../../quality/docs/index.html">quality/docs</a></footer>',
            ],
        )
    )
    title = f"{now.business_date} 夜间报告 · Night report"
    return (
        '<!DOCTYPE html>\n<html lang="zh">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body><main>\n{body}\n</main></body>\n</html>\n"
    )


def _head(release: str, now: Figures, before: Figures | None) -> str:
    compared = (
        f"与 {before.business_date} 相比 compared with it"
        if before
        else "无前夜可比 nothing before to compare with"
    )
    refused = sum(_refused_counts(now).values())
    state = f"已发布 {escape(release)}，{now.check_cnt} 项检查，{len(now.failed)} 项提示 · "
    state += f"published, {now.check_cnt} checks, {len(now.failed)} warn"
    if refused:
        state += f" · 拒收 {refused:,} 行 rows refused"
    kind = "warn" if now.failed or refused else ""
    return (
        f'<section class="banner {kind}"><h1>{now.business_date} 夜间报告 <small>Night report</small></h1>'
        f"<div>{state} · {compared}</div></section>"
    )


def _tiles(now: Figures, before: Figures | None) -> str:
    warned = {row.status_code: row.customer_cnt for row in now.statuses}
    warned_before = {row.status_code: row.customer_cnt for row in before.statuses} if before else {}
    changes = (
        parts.change(warned.get(code, 0), warned_before.get(code, 0) if before else None, good=-1)
        for code in _WARNED
    )
    trades = sum(sale.trade_cnt for sale in now.sales)
    sold = sum((sale.amount_amt for sale in now.sales), Decimal(0))
    unit = parts.unit(now.currency)
    tiles = [
        (
            "个人时点资产 AUM at end",
            f"{parts.wan(now.aum_amt)} <small>{unit}</small>",
            parts.wan_change(now.aum_amt, before.aum_amt if before else None),
        ),
        (
            "个人客户 customers",
            f"{now.customer_cnt:,}",
            parts.change(now.customer_cnt, before.customer_cnt if before else None),
        ),
        (
            "达级客户 above ordinary",
            f"{now.tiered_cnt:,}",
            parts.change(now.tiered_cnt, before.tiered_cnt if before else None),
        ),
        (
            "关注 / 流失 <small>attention / lost</small>",
            " / ".join(f"{warned.get(code, 0):,}" for code in _WARNED),
            " / ".join(changes),
        ),
        (
            "当日销售 sold",
            f"{parts.wan(sold)} <small>{unit}</small>",
            f"{trades:,} 笔 trades",
        ),
    ]
    shown = (f'<div class="tile">{name}<b>{number}</b>{change}</div>' for name, number, change in tiles)
    return f'<div class="tiles">{"".join(shown)}</div>'


def _judged(now: Figures) -> str:
    return f"考核资产 judged, {parts.unit(now.currency)}"


def _trend(now: Figures) -> str:
    months = [(f"{p.day:%y-%m}", float(p.aum_amt / 10_000)) for p in now.months]
    days = [(f"{p.day:%m-%d}", float(p.aum_amt / 10_000)) for p in now.days]
    body = line_chart(months, parts.unit(now.currency)) + parts.heading("最近各夜", "the last nights")
    return parts.section(
        "个人时点资产",
        "AUM of persons at the end of each month",
        body + line_chart(days, parts.unit(now.currency)),
    )


def _tiers(now: Figures, before: Figures | None) -> str:
    earlier = {tier.tier_code: tier.customer_cnt for tier in before.tiers} if before else {}
    most = max((tier.customer_cnt for tier in now.tiers), default=0) or 1
    tiers = (
        parts.row(
            _named(tier),
            parts.text(bar(tier.customer_cnt / most), "wide text"),
            f"{tier.customer_cnt:,}",
            parts.change(tier.customer_cnt, earlier.get(tier.tier_code, 0) if before else None),
            parts.wan(tier.aum_amt),
        )
        for tier in now.tiers
    )
    statuses = (
        parts.row(
            parts.coded("status_code", row.status_code),
            f"{row.customer_cnt:,}",
            parts.wan(row.aum_amt),
        )
        for row in now.statuses
    )
    body = parts.table(("等级 tier", "", "客户 customers", "较昨 change", _judged(now)), tiers)
    body += parts.heading("需跟进", "to be followed up")
    body += parts.table(("状态 status", "客户 customers", _judged(now)), statuses)
    return parts.section("客户等级", "tiers of the running month", body)


def _orgs(now: Figures, before: Figures | None) -> str:
    earlier = {org.org_id: org.aum_amt for org in before.orgs} if before else {}
    most = max((float(org.aum_amt) for org in now.orgs), default=0.0) or 1.0
    rows = [
        parts.row(
            f'{escape(org.name)} <span class="en">{escape(org.org_id)}</span>',
            parts.text(bar(float(org.aum_amt) / most, "soft"), "wide text"),
            parts.wan(org.aum_amt),
            parts.wan_change(org.aum_amt, earlier.get(org.org_id) if before else None),
            f"{org.tiered_cnt:,}",
        )
        for org in now.orgs
    ]
    heads = ("机构 org", "", _judged(now), "较昨 change", "达级 tiered")
    rest = len(rows) - _MOST_ORGS
    more = (
        f"<details><summary>另有 {rest} 个机构 · {rest} more orgs</summary>"
        f"{parts.table(heads, rows[_MOST_ORGS:])}</details>"
        if rest > 0
        else ""
    )
    table = parts.table(heads, rows[:_MOST_ORGS])
    return parts.section("机构", "orgs by the AUM that gives the tiers", table + more)


def _moves(now: Figures) -> str:
    names = {tier.tier_code: tier.name_zh for tier in now.tiers} | {"new": "新客户", "closed": "销户"}
    ladder = [tier.tier_code for tier in sorted(now.tiers, key=lambda tier: tier.rank)]
    befores = _present(["new", *ladder], (move.from_tier_code for move in now.moves))
    afters = _present([*ladder, "closed"], (move.to_tier_code for move in now.moves))
    counts = {(move.from_tier_code, move.to_tier_code): move.customer_cnt for move in now.moves}
    rows = (
        parts.row(escape(names.get(one, one)), *(_heat_cell(counts, one, to, afters) for to in afters))
        for one in befores
    )
    moved = sum(_moved(now.moves))
    table = parts.table(("", *(escape(names.get(code, code)) for code in afters)), rows, "heat")
    said = f'<p class="none">{moved:,} 位客户变动等级 customers hold another tier than last month</p>'
    return parts.section("等级迁徙", "last month's tier down, this month's across", table + said)


def _moved(moves: Iterable[Move]) -> Iterable[int]:
    outside = {"new", "closed"}
    return (
        move.customer_cnt
        for move in moves
        if move.from_tier_code != move.to_tier_code and not {move.from_tier_code, move.to_tier_code} & outside
    )


def _heat_cell(counts: dict[tuple[str, str], int], one: str, to: str, afters: list[str]) -> str:
    count = counts.get((one, to), 0)
    total = sum(counts.get((one, code), 0) for code in afters) or 1
    return f'<td style="{heat(count / total)}">{count:,}</td>' if count else "<td></td>"


def _present(order: list[str], seen: Iterable[str]) -> list[str]:
    found = set(seen)
    return [code for code in order if code in found] + sorted(found - set(order))


def _assets(now: Figures, before: Figures | None) -> str:
    if not now.assets.parts:
        return ""
    unit = parts.unit(now.currency)
    earlier = (before.business_date, before.assets) if before else None
    moved = bridge(now.business_date, now.assets, earlier, unit)
    return f'<div class="two">{moved}{events(now.assets, unit)}</div>'


def _checks(now: Figures) -> str:
    if not now.failed and not now.refused:
        return parts.section(
            "检查", "checks", f"<p>全部 {now.check_cnt} 项通过，无拒收 · all passed, none refused</p>"
        )
    counts = _refused_counts(now)
    tables = {table for table, _, _ in counts}
    rows = [
        parts.row(
            parts.text(f'{escape(check.table)}<br><span class="en">{escape(check.check_code)}</span>'),
            parts.text(
                escape(check.message)
                + (
                    f' <a href="#refused-{escape(check.table)}">见行 rows</a>'
                    if check.table in tables
                    else ""
                )
            ),
            f"{check.failing_cnt:,}",
        )
        for check in now.failed
    ]
    failed = parts.table(("检查 check", "说明 message", "行 rows"), rows) if rows else ""
    return parts.section("检查", "checks that warn", failed + _refused(now, counts))


def _refused(now: Figures, counts: dict[tuple[str, str, str], int]) -> str:
    folder = f"../../quarantine/business_date={now.business_date}/sequence={now.sequence}/"
    rows = []
    for (table, rule, column), count in counts.items():
        places = [
            f"{escape(row.file)} · {row.row if row.row is not None else '?'}"
            for row in now.refused
            if (row.table, row.rule_code, row.column or "") == (table, rule, column)
        ]
        what = f'<a href="{folder}">{escape(table)}</a> {escape(column)}'
        rows.append(
            parts.row(
                parts.text(f'{what}<br><span class="en">{escape(rule)}</span>'),
                parts.text("<br>".join([*places, *(["…"] if count > len(places) else [])])),
                f"{count:,}",
                anchor=f"refused-{escape(table)}",
            )
        )
    return parts.table(("拒收 refused", "文件 · 行 file · row", "行 rows"), rows) if rows else ""


def _refused_counts(now: Figures) -> dict[tuple[str, str, str], int]:
    return {(row.table, row.rule_code, row.column or ""): row.row_cnt for row in now.refused}


def _sales(now: Figures) -> str:
    most = max((float(sale.amount_amt) for sale in now.sales), default=0.0) or 1.0
    rows = [
        parts.row(
            parts.coded("sales_product_code", sale.product),
            parts.text(bar(float(sale.amount_amt) / most), "wide text"),
            f"{sale.trade_cnt:,}",
            parts.wan(sale.amount_amt),
        )
        for sale in now.sales[:_MOST_PRODUCTS]
    ]
    table = parts.table(("产品 product", "", "笔数 trades", parts.unit(now.currency)), rows)
    return parts.section("当日销售", "sold in this batch", table if rows else '<p class="none">无 none</p>')


def _loaded(now: Figures, before: Figures | None) -> str:
    earlier = {table.table: table.row_cnt for table in before.loaded} if before else {}
    rows = [
        parts.row(
            escape(table.table),
            f"{table.row_cnt:,}",
            parts.change(table.row_cnt, earlier.get(table.table), good=0),
            str(table.refused_cnt or ""),
        )
        for table in now.loaded
    ]
    heads = ("表 table", "行 rows", "较昨", "拒收")
    third = -(-len(rows) // 3) or 1
    tables = "".join(parts.table(heads, rows[start : start + third]) for start in range(0, len(rows), third))
    return parts.section("加载", "loaded", f'<div class="three">{tables}</div>')


def _named(tier: TierRow) -> str:
    return f'{escape(tier.name_zh)} <span class="en">{escape(tier.tier_code)}</span>'
