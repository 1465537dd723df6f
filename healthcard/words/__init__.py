"""Labels of the vocabulary in each language and the handover in words."""
