"""People read names in the night report: no code stands there alone."""

import re
from datetime import date
from decimal import Decimal

from orchestration.night_report.assets import Assets, Part, Reminders
from orchestration.night_report.figures import Figures, OrgRow, Sale, StatusRow
from orchestration.night_report.page import render


def test_codes_of_statuses_and_reminders_are_shown_by_their_names() -> None:
    codes = ("attention", "lost", "closed")
    sent = [("sms", "suppressed", "contact_cap"), ("office_mail", "to_send", None), ("<b>", "odd", "new")]
    assets = Assets(
        parts=(Part(part="fee_amt", amount_amt=Decimal(1)),),
        reminders=tuple(
            Reminders(channel_code=channel, status_code=status, reason_code=reason, response_cnt=1)
            for channel, status, reason in sent
        ),
    )
    sales = tuple(Sale(product=name, trade_cnt=1, amount_amt=Decimal(1)) for name in ("fund", "P-0815"))
    statuses = tuple(StatusRow(status_code=code, customer_cnt=1, aum_amt=Decimal(1)) for code in codes)
    now = Figures(
        business_date=date(2026, 10, 29),
        sequence=1,
        currency="CNY",
        statuses=statuses,
        sales=sales,
        assets=assets,
    )

    cells = [
        re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", render("R", now, None))
    ]

    for name in ("关注 attention", "流失 lost", "销户 closed", "短信 text message", "已拦截 suppressed",
                 "接触频次上限 contact cap", "OA邮件 office mail", "待发送 to send",
                 "基金 fund"):  # fmt: skip
        assert name in cells
    # what nobody has named is shown as it is, as text
    assert {"&lt;b&gt;", "odd", "new", "P-0815"} <= set(cells)
    assert not {"sms", "suppressed", "contact_cap", "office_mail", "to_send", "closed", "fund"} & set(cells)


def test_every_org_stands_on_the_page() -> None:
    orgs = tuple(
        OrgRow(org_id=f"O{n:03d}", name=f"第{n}网点", customer_cnt=2, tiered_cnt=1, aum_amt=Decimal(1000 - n))
        for n in range(40)
    )
    page = render("R", Figures(business_date=date(2026, 10, 29), sequence=1, currency="CNY", orgs=orgs), None)

    assert [
        org.org_id for org in orgs if f'{org.name} <span class="en">{org.org_id}</span>' not in page
    ] == []
    assert "28 more orgs" in page
