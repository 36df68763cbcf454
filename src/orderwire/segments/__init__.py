"""Groups of people as definitions: read, check, and ask whether one person belongs."""
