"""The trust bundle: who may issue, what is withdrawn, how that list is changed, signed and carried."""

from healthcard.trust.bundle import TrustBundle

__all__ = ["TrustBundle"]
