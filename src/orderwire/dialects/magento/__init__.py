"""Magento Open Source and Adobe Commerce: the shop's REST API read, its webhooks about products heard."""
