"""What somebody who prepares a delivery can do about a finding, in place of asking the sender.

Put here: the words, by rule and by the column's type. Keep out: what a run tells an operator, who cannot mend
a delivery (``seeds/rules/check_rules.csv``), and what breaks a rule.
"""

from dataclasses import replace

from contract.model import Column, load_contract
from orchestration.errors import Fault
from orchestration.ingestion.manifest import MANIFEST
from orchestration.ingestion.mapping import MAPPING_FILE

ANEW = "write the manifest anew (acrm manifest --replace)"
THEN = (
    f"Mend the files or {MAPPING_FILE}, then acrm manifest --replace FOLDER and acrm validate FOLDER; "
    "or have the batch sent again with a higher sequence."
)
"""The step after every one of them: until a batch has passed gate 1 it may be mended where it lies."""

_MENDS = {
    "manifest_unreadable": f"Mend {MANIFEST}, or {ANEW}",
    "manifest_date": f"Name the folder by the batch's own date and sequence, or {ANEW}",
    "manifest_table_unknown": f"Take it out of the folder and {ANEW}",
    "file_missing": f"Put the file there, or {ANEW}",
    "file_extra": f"Take it away, or {ANEW}",
    "file_checksum": f"If it was mended, {ANEW}; else copy it once more",
    "row_count": f"If the files are whole, {ANEW}; else copy them once more",
    "control_sum": f"If the files are whole, {ANEW}; else copy them once more",
    "column_type": "Write it as text, or as a decimal of the type in the contract",
    "key_not_unique": "Have each key once in the files of the table",
    "row_shape": "Check delimiter and quotes: a value that holds the delimiter (12,000.00) stands in quotes",
    "text_undecodable": f"Check the encoding: acrm manifest --replace finds it, or say it in {MAPPING_FILE}",
    "value_below_minimum": "Mend the value, or what it is made of",
    "rate_above_one": f"If rates are told in percent, say divide_by: 100 of the column in {MAPPING_FILE}",
    "start_without_history": "Add a row of the running month for each account to monthly_balance_history; "
    "or set accept_partial_start: true in bank.yml, and averages divide by the recorded days",
    "start_history_short": "Add the missing days to the running month's rows of monthly_balance_history; "
    "or leave that month out and set accept_partial_start: true in bank.yml",
    "history_account_missing": "Add their rows to monthly_balance_history: averages count those days as 0",
    "history_days_missing": "Add them, unless the account was empty: averages count those days as 0",
    "loan_history_missing": "Add its rows to monthly_loan_history, or loans are recorded from this batch on",
    "reference_rate_missing": "Add a rate for every currency in use to fx_rate",
    "reference_rate_carried": "See whether the day has no fixing; else add the rates to fx_rate",
    "reference_rate_later": "Add the rates of the past months to fx_rate, or accept it",
    "amount_too_large": "Look at the row: it is the largest. Mend the amount, or its unit (divide_by)",
    "event_amount_too_large": "Mend the amount, or its unit (divide_by)",
    "ledger_control": "Compare the books with the files by org and class",
    "reference_circle": "Have one of the rows refer to another, or to none",
    "merge_not_followed": "Name a customer of the files who is of the same type, or leave it empty",
    "row_count_moved": "See whether the files of the table are complete",
    "key_padded": "Nothing to do: the blanks are cut off. They are no part of the key",
    "column_unknown": f"It is left out. If it is one of the contract's, say so in {MAPPING_FILE}",
    "curve_unknown": "Add the rates of the curve to ftp_rate, or mend the product's curve",
    "event_sent_again": "Nothing to do: it is counted once",
    "certificate_duplicate": "See whether the customers are one person",
    "not_in_rules": "Mend the code, or add it to the bank's rule table",
    "value_not_as_written": "Write the code as the contract says",
    "shares_not_one": "Mend the shares: those of a group add to 1",
    "month_not_first_day": "Give every month by its first day",
    "month_days_off": "Count the days that lie in the month and before the batch",
    "month_sum_off": "Add the daily balances up again",
    "month_before_opening": "Leave the month out, or mend the opening",
    "month_after_closing": "End the month with 0, or mend the closing",
    "negative_balance": "Mend the balance, or set allows_overdraft of the product",
    "file_unreadable": f"Say how it is written in {MAPPING_FILE} under format, or save it anew",
    "column_missing": f"Say in {MAPPING_FILE} which of its columns is which, under columns; or {ANEW}",
    "value_not_in_list": "Mend the code",
    "value_missing": "Fill it",
    "value_not_parsed": "Write the value as the contract says",
    "date_out_of_range": "Mend the date",
    "reference_unknown": "Add the row that is referred to, or mend the reference",
}


def mended_by_hand(fault: Fault) -> Fault:
    """The finding with what can be done about it here; as it is, where only its own words will do."""
    column = _column(fault)
    words = (
        _by_table(fault) or (column and _by_column(fault.check_code, column)) or _MENDS.get(fault.check_code)
    )
    return replace(fault, remedy=words) if words else fault


def referred_tables(fault: Fault) -> set[str]:
    """Tables whose rows the finding rests on: those that the column refers to, or the table itself."""
    if fault.check_code == "reference_unknown":
        column = _column(fault)
        return {target.partition(".")[0] for target in column.targets} if column else set()
    if fault.check_code in (
        "arrival",
        "start_without_history",
        "start_history_short",
        "history_account_missing",
    ):
        return {fault.table} if fault.table else set()
    return set()


def _column(fault: Fault) -> Column | None:
    if fault.table not in load_contract().table_names or fault.column is None:
        return None
    table = load_contract().table(fault.table)
    return table.column(fault.column) if fault.column in table.column_names else None


def _by_table(fault: Fault) -> str | None:
    if fault.check_code == "manifest_table_missing":
        return f"Put its file there, if only with the header (templates/{fault.table}.csv), and {ANEW}"
    if fault.check_code == "arrival":
        return f"Put the rows into the files of {fault.table}"
    return None


def _by_column(check_code: str, column: Column) -> str | None:
    """Words that name the column, and how its values are written."""
    place = f"{MAPPING_FILE} (columns: {column.name}: "
    match check_code:
        case "column_missing":
            return f"Say which column of the file it is in {place}THEIR_NAME), or add it"
        case "value_not_parsed":
            return _written(column, place)
        case "value_not_in_list":
            codes = ", ".join(column.values)
            return f"The codes are {codes}: translate others in {place}{{from: …, codes: …}})"
        case "value_missing":
            return f"Fill it, or give a constant in {place}{{constant: …}})"
        case "date_out_of_range":
            return f"Mend the date; one that means none is said in {place}{{from: …, empty: […]}})"
        case "reference_unknown":
            targets = " or ".join(target.partition(".")[0] for target in column.targets)
            return f"Add the row to {targets}, or mend {column.name}"
    return None


def _written(column: Column, place: str) -> str:
    lake = load_contract().types[column.type].lake
    places = lake.partition(",")[2].rstrip(")")
    match column.type:
        case "date":
            return f'A day is written 2026-10-31; say another way in {place}{{from: …, date: "%Y/%m/%d"}})'
        case "timestamp":
            return (
                "An instant is written 2026-10-31T18:30:00; say another way in "
                f'{place}{{from: …, date: "%Y/%m/%d %H:%M"}})'
            )
        case "boolean":
            return f"It is true or false, 1 or 0, Y or N; translate others in {place}{{from: …, codes: …}})"
        case "integer":
            return "It is a whole number"
        case "rate" | "ratio":
            return (
                f"It is a fraction of at most {places} decimals, 0.025 for 2.5 %; say percents in "
                f"{place}{{from: …, divide_by: 100}}), without the sign"
            )
        case "money" | "quantity" | "fx_rate":
            return (
                f"It is a number of at most {places} decimals, 12000.50, and nothing is rounded here; say "
                f"thousands signs, a decimal comma or cents in {place}"
                '{from: …, thousands: ",", decimal: …, divide_by: …})'
            )
    return "Write it in characters of the encoding, and shorter"
