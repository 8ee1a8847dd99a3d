"""What the business decides about mail: accounts, texts, sending documents, the outbox and what comes back."""
