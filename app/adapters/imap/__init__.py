"""Mailboxes: our own IMAP client. Its library is heavy: only ``mailbox`` and what it needs load it."""
