"""Klaviyo: events, profiles, consent jobs and the catalog of its JSON:API, outward."""
