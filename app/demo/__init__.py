"""The sample company: believable, always up to date, and the same for everybody on the same day."""
