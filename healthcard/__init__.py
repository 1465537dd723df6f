"""Signed care cards for mothers and small children: issue, print, scan, read."""

__version__ = "0.1.0"
