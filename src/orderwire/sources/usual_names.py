"""What shops usually call their tables, columns and statuses; tables that a first mapping is guessed from.

Names are compared without case and underscores. Earlier names win.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TABLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "consents": (
            "newsletter",
            "newsletter_subscribers",
            "subscribers",
            "newsletter_subscriber",
            "consents",
            "optins",
        ),
        "people": ("customers", "customer", "users", "accounts", "people", "clients", "buyers", "customer_entity"),
        "products": ("products", "product", "items", "articles", "catalog_products", "catalog"),
        "orders": ("orders", "order", "sales_orders", "sales_order", "shop_orders", "invoices", "purchases"),
        "carts": ("carts", "cart", "baskets", "basket", "quotes", "quote"),
        "orders.lines": (
            *("order_lines", "order_items", "order_line", "order_item", "orderdetails", "order_details"),
            *("order_products", "sales_order_item", "lines", "invoice_lines"),
        ),
        "orders.refunds": (
            "refunds",
            "refund",
            "order_refunds",
            "credit_notes",
            "credit_memos",
            "creditmemos",
            "returns",
        ),
        "orders.shipments": ("shipments", "shipment", "order_shipments", "parcels", "deliveries", "fulfillments"),
        "carts.lines": ("cart_lines", "cart_items", "basket_lines", "basket_items", "quote_items", "quote_item"),
        "products.variants": ("variants", "product_variants", "variations", "product_variations", "skus"),
    }
)

IDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "consents": ("id", "subscriber_id", "email"),
        "people": ("id", "customer_id", "user_id", "entity_id", "account_id"),
        "products": ("id", "product_id", "sku", "code", "entity_id", "stock_code"),
        "orders": ("id", "order_id", "entity_id", "order_number", "number", "invoice_no"),
        "carts": ("id", "cart_id", "basket_id", "quote_id", "entity_id"),
        "orders.lines": ("id", "line_id", "item_id", "order_line_id", "order_item_id"),
        "orders.refunds": ("id", "refund_id", "credit_note_id", "number", "creditmemo_id"),
        "orders.shipments": ("id", "shipment_id", "parcel_id", "number"),
        "carts.lines": ("id", "line_id", "item_id"),
        "products.variants": ("id", "variant_id", "sku"),
    }
)

PARENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "orders.lines": ("order_id", "order", "invoice_id", "invoice_no", "parent_id"),
        "orders.refunds": ("order_id", "order", "invoice_id", "parent_id"),
        "orders.shipments": ("order_id", "order", "parent_id"),
        "carts.lines": ("cart_id", "basket_id", "quote_id"),
        "products.variants": ("product_id", "parent_id"),
    }
)

CLOCKS = ("updated_at", "modified_at", "changed_at", "date_modified", "last_modified", "modified", "date_upd")
CHILD_CLOCKS = (*CLOCKS, "created_at", "date_created", "refunded_at", "issued_at", "shipped_at", "date_add")

_PERSON = {
    "external_id": ("customer_id", "user_id", "client_id", "account_id", "id_customer"),
    "email": ("email", "customer_email", "email_address", "e_mail", "guest_email", "billing_email", "mail"),
    "phone": ("phone", "customer_phone", "telephone", "mobile", "billing_phone"),
}
_LINES = {
    "name": ("name", "title", "description", "product_name", "item_name"),
    "sku": ("sku", "stock_code", "code", "article_no"),
    "product_id": ("product_id", "item_id", "article_id"),
    "variant_id": ("variant_id", "variation_id"),
    "quantity": ("quantity", "qty", "qty_ordered", "amount_ordered", "count"),
    "unit_price": ("unit_price", "price", "item_price", "price_each"),
    "discount": ("discount", "discount_amount", "line_discount"),
    "tax": ("tax", "tax_amount", "vat"),
    "total": ("total", "line_total", "row_total"),
}

FIELD_NAMES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "consents": {
            "external_id": ("customer_id", "user_id"),
            "email": ("email", "subscriber_email", "email_address"),
            "state": ("status", "state", "subscriber_status", "is_subscribed", "subscribed", "optin"),
            "changed_at": ("changed_at", "updated_at", "change_status_at", "status_changed_at"),
        },
        "people": {
            "email": _PERSON["email"],
            "phone": _PERSON["phone"],
            "first_name": ("first_name", "firstname", "forename", "given_name"),
            "last_name": ("last_name", "lastname", "surname", "family_name"),
            "company": ("company", "company_name"),
            "language": ("language", "locale", "lang"),
            "birth_date": ("birth_date", "birthday", "dob", "date_of_birth"),
            "address.city": ("city", "town"),
            "address.postal_code": ("postal_code", "postcode", "zip"),
            "address.country": ("country",),
            "address.country_code": ("country_code", "country_id"),
            "created_at": ("created_at", "registered_at", "date_created", "date_add"),
        },
        "products": {
            "title": ("title", "name", "product_name", "description"),
            "description": ("long_description", "body", "description"),
            "sku": ("sku", "code", "stock_code"),
            "price": ("price", "unit_price", "sale_price"),
            "currency": ("currency",),
            "brand": ("brand", "manufacturer", "vendor"),
            "url": ("url", "link"),
            "image_url": ("image_url", "image", "picture_url"),
            "inventory": ("inventory", "stock", "qty", "quantity", "stock_quantity"),
            "is_published": ("is_published", "published", "is_active", "active", "enabled"),
            "created_at": ("created_at", "date_created"),
            "removed_at": ("removed_at", "deleted_at"),
        },
        "orders": {
            **_PERSON,
            "number": ("number", "order_number", "increment_id", "reference"),
            "currency": ("currency", "order_currency", "currency_code", "order_currency_code"),
            "placed_at": (
                "placed_at",
                "placed",
                "ordered_at",
                "order_date",
                "created_at",
                "date_created",
                "invoice_date",
            ),
            "paid_at": ("paid_at", "payment_date", "date_paid"),
            "fulfilled_at": ("shipped_at", "fulfilled_at", "dispatched_at", "sent_at"),
            "delivered_at": ("delivered_at", "delivery_date", "date_completed", "completed_at"),
            "cancelled_at": ("cancelled_at", "canceled_at", "voided_at"),
            "total": ("total", "grand_total", "total_paid", "order_total", "amount", "total_amount"),
            "discount": ("discount", "discount_total", "discount_amount", "total_discount"),
            "discount_code": ("coupon_code", "discount_code", "voucher_code"),
            "tax": ("tax", "tax_total", "tax_amount", "vat_total"),
            "shipping": ("shipping", "shipping_total", "shipping_amount", "postage", "delivery_cost"),
            "payment_method": ("payment_method", "payment"),
            "shipping_method": ("shipping_method", "carrier"),
            "shipping_address.country": ("country", "shipping_country"),
        },
        "carts": {
            **_PERSON,
            "currency": ("currency",),
            "total": ("total", "grand_total", "subtotal"),
            "url": ("url", "recovery_url"),
        },
        "orders.lines": _LINES,
        "carts.lines": _LINES,
        "orders.refunds": {
            "refunded_at": ("refunded_at", "created_at", "issued_at", "date_created"),
            "amount": ("amount", "total", "grand_total", "refund_amount"),
            "reason": ("reason", "note", "comment"),
        },
        "orders.shipments": {
            "shipped_at": ("shipped_at", "created_at", "sent_at"),
            "delivered_at": ("delivered_at",),
            "carrier": ("carrier", "carrier_name"),
            "tracking_code": ("tracking_code", "tracking_number", "track_number"),
            "tracking_url": ("tracking_url",),
        },
        "products.variants": {
            "title": ("title", "name"),
            "sku": ("sku", "code"),
            "price": ("price", "unit_price"),
            "inventory": ("inventory", "stock", "qty"),
        },
    }
)

STATUS_COLUMNS = ("status", "order_status", "state", "status_code")

STATUSES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("new", "open", "pending", "placed", "created", "on-hold", "on_hold", "holded"), "placed"),
        **dict.fromkeys(("pending_payment", "awaiting_payment", "unpaid", "failed", "draft"), "placed"),
        **dict.fromkeys(("paid", "processing", "confirmed", "packed", "picking"), "paid"),
        **dict.fromkeys(("shipped", "sent", "dispatched", "fulfilled", "in_transit"), "fulfilled"),
        **dict.fromkeys(("delivered", "complete", "completed", "done", "closed"), "delivered"),
        **dict.fromkeys(("cancelled", "canceled", "void", "voided", "refused", "refunded"), "cancelled"),
    }
)
"""`refunded` is cancelled only where no refunds are mapped; the writer of the mapping decides."""

CONSENT_STATES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("subscribed", "active", "yes", "true", "1", "on", "confirmed", "opted_in"), "subscribed"),
        **dict.fromkeys(("unsubscribed", "inactive", "no", "false", "0", "off", "opted_out"), "unsubscribed"),
        **dict.fromkeys(("pending", "not_active", "unconfirmed", "never_asked"), "never_asked"),
        **dict.fromkeys(("bounced", "complained", "cleaned", "suppressed"), "suppressed"),
    }
)
"""Anything else is `unsubscribed`: a guess must never widen consent."""
