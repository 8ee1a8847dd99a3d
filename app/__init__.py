"""Ventanilla: the back office and customer intranet of a Spanish company."""
