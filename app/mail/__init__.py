"""Mail on its way out and back: everything about it that talks to servers or builds messages, outside transactions."""
