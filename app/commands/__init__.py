"""What the operator types: one module per command, put together by ``app.cli``."""
