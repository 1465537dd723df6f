"""Cards on paper: what a face says, how Typst lays it out, and the proof that the print reads back."""

from healthcard.printing.rendering import render

__all__ = ["render"]
