"""Alarms: what needs somebody, when it began, and who was told."""
