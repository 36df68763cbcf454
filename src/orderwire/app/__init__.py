"""One function for each thing a user can ask for, and the settings that put it together."""
