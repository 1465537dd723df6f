"""Kobo: a form generated from the vocabulary, its submissions as records, and a record as a submission.

    workbook = xlsform(("es", "fr"), organisations=bundle.organisation_numbers)     an XLSForm
    records = [from_submission(one, n) for n, one in enumerate(submissions(answer), 1)]
    sent = to_submission(record, FORM_ID)                                           what a server takes

What the form lacks, and what a data officer does with it, is in docs/exchange.md and docs/partners.md.
"""

from healthcard.exchange.kobo_form import FORM_ID, xlsform
from healthcard.exchange.kobo_submissions import from_submission, submissions, to_submission

__all__ = ["FORM_ID", "from_submission", "submissions", "to_submission", "xlsform"]
