"""The examiner's folder: which rule of which law is met by what, and what the warehouse shows of it now.

Put here: the table of rules (``contract/duties.yml``) as objects, the facts of a home, and the folder that
``acrm evidence`` writes. Keep out: the gates, releases and erasures that it tells of.
"""

from orchestration.evidence.write import FILES, write_evidence

__all__ = ["FILES", "write_evidence"]
