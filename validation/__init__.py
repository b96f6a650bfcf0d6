"""The instruments and the evidence: studies, their measured rows with provenance, and claims checked on them.

Runs from a checkout: `python -m validation list`. It imports idbounds; idbounds never imports it.
"""
