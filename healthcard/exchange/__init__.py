"""Records in the forms that other systems take, and back (docs/exchange.md)."""
