"""Classes of data, in the words of the Chinese standards: what each means, and which follows from which.

Put here: the classes themselves. Each column's own is in ``extracts.yml``; those of published columns follow
from it (``orchestration/publication/classes.py``).
"""

from collections.abc import Mapping
from typing import Literal

Pfi = Literal["none", "staff", "C1", "C2", "C3"]
"""Class of personal financial information (个人金融信息), from the least sensitive on; see ``PFI_SOURCE``.

``none`` tells of no person; ``staff`` of a person who works for the bank: personal information (PIPL), but no
financial information of a customer.
"""

Importance = Literal["general", "important", "core"]
"""Class of importance (一般, 重要, 核心) by 银行保险机构数据安全管理办法, article 18.

What is important or core is said by the catalogues of the regulator and the state; here the bank notes it.
"""

Level = Literal["general", "sensitive", "important", "core"]
"""The same with general data split into sensitive (敏感数据) and other general data, as article 18 does."""

PFI_SOURCE = (
    "Classes C1 to C3 are named like those of JR/T 0171-2020. Which column has which is this project's "
    "reading of it, not compared with the standard's text: the bank confirms or changes them."
)
"""What is claimed of the classes, and what is not."""

PFI_ORDER: tuple[Pfi, ...] = ("none", "staff", "C1", "C2", "C3")

PFI_MEANINGS: Mapping[Pfi, str] = {
    "C3": "what authenticates a customer (用户鉴别信息); of what is delivered, the expiry date of a card",
    "C2": "what tells who a customer is, or what he owns, owes, earns or pays (身份与金融状况)",
    "C1": "other information of a customer for use inside the bank: dates of opening, orgs, channels",
    "staff": "of a person who works for the bank: personal information, but not of a customer",
    "none": "of no person",
}

LEVEL_MEANINGS: Mapping[Level, str] = {
    "core": "核心数据: as the catalogue of the state says",
    "important": "重要数据: as the catalogue of the regulator says",
    "sensitive": "敏感数据: general data of class C2 or C3",
    "general": "其他一般数据",
}


def level_of(pfi: Pfi, importance: Importance) -> Level:
    """The level of a column: its table's, where the bank noted one; else by what it tells of a person."""
    if importance != "general":
        return importance
    return "sensitive" if pfi in ("C2", "C3") else "general"


def most_sensitive(*classes: Pfi) -> Pfi:
    """The most sensitive of some classes."""
    return max(classes, key=PFI_ORDER.index)
