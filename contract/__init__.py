"""The contract with the core-banking side: one machine-readable definition, ``extracts.yml``."""

from contract.model import OP_COLUMN, OP_VALUES, Column, Contract, Kind, Load, Table, load_contract

__all__ = ["OP_COLUMN", "OP_VALUES", "Column", "Contract", "Kind", "Load", "Table", "load_contract"]
