"""The demo shop's own tables, for any database SQLAlchemy knows. Times are British wall time without a zone.

Amounts are decimals; SQLite has none, so they are text there.
"""

from __future__ import annotations

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, MetaData, Numeric, String, Table

METADATA = MetaData()
AMOUNT = Numeric(12, 3).with_variant(String(16), "sqlite")

customers = Table(
    "customers",
    METADATA,
    Column("customer_id", Integer, primary_key=True, autoincrement=False),
    Column("email", String(120), nullable=False),
    Column("country", String(60), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("updated_at", DateTime, nullable=False, index=True),
)
newsletter = Table(
    "newsletter",
    METADATA,
    Column("email", String(120), primary_key=True),
    Column("status", String(12), nullable=False),
    Column("changed_at", DateTime, nullable=False, index=True),
)
products = Table(
    "products",
    METADATA,
    Column("sku", String(20), primary_key=True),
    Column("title", String(200), nullable=False),
    Column("price", AMOUNT, nullable=False),
    Column("updated_at", DateTime, nullable=False, index=True),
)
orders = Table(
    "orders",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("customer_id", Integer, ForeignKey("customers.customer_id"), nullable=True),
    Column("email", String(120), nullable=True),
    Column("status", String(12), nullable=False),
    Column("country", String(60), nullable=False),
    Column("placed_at", DateTime, nullable=False),
    Column("paid_at", DateTime, nullable=True),
    Column("shipped_at", DateTime, nullable=True),
    Column("delivered_at", DateTime, nullable=True),
    Column("cancelled_at", DateTime, nullable=True),
    Column("currency", String(3), nullable=False),
    Column("shipping", AMOUNT, nullable=False),
    Column("discount", AMOUNT, nullable=False),
    Column("total", AMOUNT, nullable=False),
    Column("updated_at", DateTime, nullable=False, index=True),
)
order_lines = Table(
    "order_lines",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("order_id", Integer, ForeignKey("orders.id"), nullable=False, index=True),
    Column("sku", String(20), nullable=False),
    Column("title", String(200), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", AMOUNT, nullable=False),
)
credit_notes = Table(
    "credit_notes",
    METADATA,
    Column("id", String(24), primary_key=True),
    Column("order_id", Integer, ForeignKey("orders.id"), nullable=False, index=True),
    Column("issued_at", DateTime, nullable=False, index=True),
    Column("amount", AMOUNT, nullable=False),
    Column("reason", String(60), nullable=True),
)
credit_note_lines = Table(
    "credit_note_lines",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("credit_note_id", String(24), ForeignKey("credit_notes.id"), nullable=False, index=True),
    Column("order_line_id", Integer, ForeignKey("order_lines.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("amount", AMOUNT, nullable=False),
)
carts = Table(
    "carts",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("customer_id", Integer, ForeignKey("customers.customer_id"), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("updated_at", DateTime, nullable=False, index=True),
)
cart_lines = Table(
    "cart_lines",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("cart_id", Integer, ForeignKey("carts.id"), nullable=False, index=True),
    Column("sku", String(20), nullable=False),
    Column("title", String(200), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", AMOUNT, nullable=False),
)
trading = Table(
    "trading",
    METADATA,
    Column("name", String(20), primary_key=True),
    Column("value", Integer, nullable=False),
)
"""How far `trade.py` has come; no part of the shop."""

Index("ix_orders_customer", orders.c.customer_id)
