"""The product catalogue of the generated bank."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from sample_bank.columns import PPM, rates
from sample_bank.rng import Ints


@dataclass(frozen=True)
class Product:
    """One product; rates, weights and shares in millionths.

    Attributes:
        rate: What the bank pays or asks a year.
        holding_fee: Fee a year on what a customer holds: management, trailing commission, custody.
        sales_fee: Least and greatest fee on a sale.
        fee_cost: Share of a fee that it costs directly: incentives, networks, rewards.
    """

    code: str
    name: str
    asset_class: str
    line: str
    sales_code: str | None = None
    in_aum: bool = True
    weight: int = PPM
    currency: str = "CNY"
    day_count: int = 365
    curve: str | None = None
    overdraft: bool = False
    rate: int = 0
    holding_fee: int = 0
    sales_fee: tuple[int, int] = (0, 0)
    fee_cost: int = 100_000


def _deposit(code: str, name: str, rate: int, **more: object) -> Product:
    choices: dict[str, object] = {"curve": "CNY", "day_count": 360, **more}
    return Product(code, name, "deposit", "savings", "deposit", rate=rate, **choices)  # type: ignore[arg-type]


def _wealth(
    code: str,
    name: str,
    line: str,
    sales_code: str,
    weight: int = PPM,
    *,
    holding_fee: int,
    sales_fee: tuple[int, int],
    fee_cost: int = 100_000,
) -> Product:
    return Product(
        code, name, "wealth", line, sales_code, weight=weight,
        holding_fee=holding_fee, sales_fee=sales_fee, fee_cost=fee_cost,
    )  # fmt: skip


def _loan(code: str, name: str, line: str, rate: int, day_count: int = 360) -> Product:
    return Product(code, name, "loan", line, None, False, day_count=day_count, curve="CNY", rate=rate)


def _service(code: str, name: str, sales_code: str, fee_cost: int = 150_000) -> Product:
    return Product(code, name, "channel", "service", sales_code, in_aum=False, fee_cost=fee_cost)


# deposits pay less than money of their tenor costs (FTP), loans ask more than it and their expected loss
PRODUCTS = (
    _deposit("1001", "活期储蓄", 3_000),
    _deposit("1002", "活期存折", 3_000),
    _deposit("1003", "活期(可透支)", 3_000, overdraft=True),
    _deposit("1011", "美元活期", 5_000, currency="USD", curve="USD", holding_fee=6_000),
    _deposit("1012", "港币活期", 3_000, currency="HKD", curve="USD", holding_fee=6_000),
    _deposit("1013", "欧元活期", 1_000, currency="EUR", curve="USD", holding_fee=6_000),
    _deposit("1101", "定期三个月", 19_000, day_count=365),
    _deposit("1102", "定期一年", 22_000, day_count=365),
    _deposit("1103", "定期三年", 26_500, day_count=365),
    Product(
        "1901", "保证金", "settlement", "settlement", None, False, day_count=360, curve="CNY", rate=3_000,
        holding_fee=6_000,
    ),
    _wealth("2001", "乾元日日盈", "wealth_management", "qianyuan", holding_fee=4_500, sales_fee=(500, 1_500)),
    _wealth("2002", "利得盈", "wealth_management", "lideying", holding_fee=5_000, sales_fee=(1_000, 3_000)),
    _wealth("2003", "汇得盈", "wealth_management", "huideying", holding_fee=5_000, sales_fee=(1_000, 3_000)),
    _wealth(
        "2004", "财富一号", "wealth_management", "wealth_product", holding_fee=6_000, sales_fee=(1_000, 4_000)
    ),
    _wealth("2101", "股票基金", "fund", "fund", holding_fee=7_500, sales_fee=(5_000, 12_000)),
    _wealth("2102", "货币基金", "fund", "fund", holding_fee=4_000, sales_fee=(0, 500)),
    _wealth(
        "2201", "分红保险", "insurance", "insurance", 800_000,
        holding_fee=6_000, sales_fee=(20_000, 40_000), fee_cost=200_000,
    ),
    _wealth("2301", "储蓄国债", "bond", "treasury_bond", holding_fee=4_000, sales_fee=(3_000, 5_000)),
    _wealth("2401", "账户金", "gold", "account_gold", 950_000, holding_fee=6_000, sales_fee=(3_000, 6_000)),
    _wealth(
        "2402", "实物金", "gold", "physical_gold",
        holding_fee=6_000, sales_fee=(8_000, 20_000), fee_cost=250_000,
    ),
    _wealth("2501", "集合信托计划", "trust", "wealth_product", holding_fee=7_000, sales_fee=(5_000, 10_000)),
    _loan("4001", "个人住房贷款", "mortgage", 43_000),
    _loan("4002", "信用贷款", "consumer", 60_000),
    _loan("4003", "保证贷款", "consumer", 54_000),
    _loan("4004", "经营贷款", "business", 47_000, 365),
    Product(
        "6001", "贷记卡", "loan", "card", "credit_card", False, curve="CNY", day_count=365, rate=180_000,
        fee_cost=400_000,
    ),
    _service("5001", "CTS签约", "cts_signup"),
    _service("5002", "结售汇", "fx_settlement"),
    _service("5003", "网上银行", "internet_bank"),
    _service("5004", "手机银行", "mobile_bank"),
    _service("5005", "短信服务", "sms_service", fee_cost=300_000),
    _service("5006", "电话银行", "phone_bank"),
    _service("5007", "财富卡", "wealth_card", fee_cost=300_000),
    _service("5008", "私人银行卡", "private_bank_card", fee_cost=400_000),
    _service("5009", "理财卡", "licai_card"),
)  # fmt: skip

INDEX = {product.code: index for index, product in enumerate(PRODUCTS)}
DEMAND, PASSBOOK, OVERDRAFT, MARGIN = (INDEX[code] for code in ("1001", "1002", "1003", "1901"))
FOREIGN = np.array([INDEX[code] for code in ("1011", "1012", "1013")])
TERM = np.array([INDEX[code] for code in ("1101", "1102", "1103")])
TERM_DAYS = np.array([91, 365, 1095])
INVESTMENTS = np.array([index for index, product in enumerate(PRODUCTS) if product.asset_class == "wealth"])
SOLD = np.array([index for index, product in enumerate(PRODUCTS) if product.sales_code])
LOAN_PRODUCTS = {"mortgage": "4001", "unsecured": "4002", "guaranteed": "4003", "other": "4004"}

CARD, FX_SETTLEMENT = INDEX["6001"], INDEX["5002"]
IS_SERVICE = np.array([product.asset_class == "channel" for product in PRODUCTS])

CODES = pl.Series("product_code", [product.code for product in PRODUCTS])
CURRENCIES = pl.Series("currency", [product.currency for product in PRODUCTS])
RATES: Ints = np.array([product.rate for product in PRODUCTS])
WEIGHTS: Ints = np.array([product.weight * product.in_aum for product in PRODUCTS])
"""Share of a balance that counts as AUM, in millionths."""
HOLDING_FEES: Ints = np.array([product.holding_fee for product in PRODUCTS])
SALES_FEES: Ints = np.array([product.sales_fee for product in PRODUCTS])
FEE_COSTS: Ints = np.array([product.fee_cost for product in PRODUCTS])
DAY_COUNTS: Ints = np.array([product.day_count for product in PRODUCTS])


def product_table() -> pl.DataFrame:
    """The product extract."""
    return pl.DataFrame(
        {
            "product_code": CODES,
            "product_name": [product.name for product in PRODUCTS],
            "asset_class": [product.asset_class for product in PRODUCTS],
            "product_line": [product.line for product in PRODUCTS],
            "sales_product_code": [product.sales_code for product in PRODUCTS],
            "is_in_aum": [product.in_aum for product in PRODUCTS],
            "aum_weight": rates("aum_weight", np.array([product.weight for product in PRODUCTS])),
            "currency": CURRENCIES,
            "day_count": [product.day_count for product in PRODUCTS],
            "ftp_curve_id": [product.curve for product in PRODUCTS],
            "allows_overdraft": [product.overdraft for product in PRODUCTS],
        }
    )
