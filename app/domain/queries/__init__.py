"""Selects that more than one screen needs, named for what they mean."""
