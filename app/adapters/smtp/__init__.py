"""Mail on its way out: our own SMTP client."""
