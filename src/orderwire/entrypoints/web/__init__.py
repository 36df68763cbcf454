"""What runs in a visitor's browser."""
