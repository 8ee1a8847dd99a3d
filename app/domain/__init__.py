"""What the business decides: one module per activity, free functions that take a session and a command."""
