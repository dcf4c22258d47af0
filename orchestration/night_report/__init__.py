"""The night report: one page that says what a night loaded, checked and changed.

Put here: the figures (aggregates only, kept as JSON in the release so that the next night can compare) and
the page made from them. Keep out: whatever would need a server, a script or a request.
"""

from orchestration.night_report.write import REPORT_FILES, write_night_report

__all__ = ["REPORT_FILES", "write_night_report"]
