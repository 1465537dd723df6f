"""Signed care cards for mothers and small children: issue, print, scan, read.

    card = issue(record, signer, bundle)
    pdf = render(card, template="a7", language="ht")
    reading = read(*scan(picture), bundle=bundle)
"""

from healthcard.card import Card, PartReading, Reading, UnverifiedReading, VerifiedReading, issue, read
from healthcard.clinic.handover import Handover
from healthcard.errors import CardError, HealthcardError, RecordError
from healthcard.picture import scan
from healthcard.printing import render
from healthcard.record import Record
from healthcard.sign import Key, Signer, SoftwareSigner
from healthcard.trust import TrustBundle

__version__ = "0.1.0"

__all__ = [
    "Card",
    "CardError",
    "Handover",
    "HealthcardError",
    "Key",
    "PartReading",
    "Reading",
    "Record",
    "RecordError",
    "Signer",
    "SoftwareSigner",
    "TrustBundle",
    "UnverifiedReading",
    "VerifiedReading",
    "__version__",
    "issue",
    "read",
    "render",
    "scan",
]
