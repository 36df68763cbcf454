"""Shopify: the Admin GraphQL API read, its webhooks heard."""
