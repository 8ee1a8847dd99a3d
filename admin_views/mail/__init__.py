"""Screens of mail: the outbox, accounts and their texts."""
