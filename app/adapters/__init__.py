"""The outside world: mail servers, files, PDF and foreign invoice formats."""
