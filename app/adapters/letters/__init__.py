"""What a mail consists of, as it is written, built and signed, and what comes back about it."""
