"""Who may enter the intranet: the list of accesses, giving and withdrawing them, a contact's own tab."""
