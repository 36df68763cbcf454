"""A made-up shop that goes on trading: what the stand-ins of shop products have behind their APIs."""

from orderwire.sandbox.trading.merchant import Merchant
from orderwire.sandbox.trading.things import Change, Customer, Line, Order, Product, Refund

__all__ = ["Change", "Customer", "Line", "Merchant", "Order", "Product", "Refund"]
