"""What the screens of all kinds of document share."""
