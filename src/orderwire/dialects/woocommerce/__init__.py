"""WooCommerce: the shop's REST API read, its webhooks heard."""
