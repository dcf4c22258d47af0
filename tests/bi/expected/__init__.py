"""What every chart has to show, in SQL over other tables than the charts read, where there are others.

Amounts of money in 万元 unless said otherwise; compared to the second digit. Columns are in the order
in which the test reads them from the chart.
"""

from tests.bi.expected.assets import ASSETS
from tests.bi.expected.corporate import CORPORATE
from tests.bi.expected.marketing import MARKETING
from tests.bi.expected.products import PRODUCTS
from tests.bi.expected.shared import Expected
from tests.bi.expected.value import CONTRIBUTION, CUSTOMERS, QUALITY, SALES

DASHBOARDS: dict[str, dict[str, Expected]] = {
    "assets": ASSETS,
    "contribution": CONTRIBUTION,
    "corporate": CORPORATE,
    "customers": CUSTOMERS,
    "marketing": MARKETING,
    "products": PRODUCTS,
    "quality": QUALITY,
    "sales": SALES,
}
"""Charts by dashboard and title."""
