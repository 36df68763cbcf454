"""What is asked of GraphQL, under the words of the REST API.

Everything is asked for by a lower bound of the id and sorted by it, and changes by a lower bound of their time as
well. A list like that only grows while it is read, no page is cut off at the 25,000th thing, and the id of the last
one seen is all there is to remember. What changes meanwhile behind it is read by the next pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from orderwire.dialects.wire import WireRequest

VERSION = "2026-07"
_SIDE = "{ MONEY { amount currency_code: currencyCode } }"
"""An amount: `MONEY` stands for the side that is wanted, because each side costs a point for each amount."""
_SIDES = {False: "shop_money: shopMoney", True: "presentment_money: presentmentMoney"}
_ADDRESS = """{ first_name: firstName last_name: lastName company address1 address2 city province
    province_code: provinceCode zip country country_code: countryCodeV2 phone }"""
_CONSENT = "state: marketingState opt_in_level: marketingOptInLevel consent_updated_at: marketingUpdatedAt"
_PERSON = f"""id first_name: firstName last_name: lastName
    email_marketing_consent: defaultEmailAddress {{ email: emailAddress {_CONSENT} }}
    sms_marketing_consent: defaultPhoneNumber {{ phone: phoneNumber {_CONSENT} }}"""
_MORE = "pageInfo { hasNextPage endCursor }"
LINE = f"""id name title sku vendor quantity current_quantity: currentQuantity gift_card: isGiftCard
    price_set: originalUnitPriceSet {_SIDE}
    discount_allocations: discountAllocations {{ amount_set: allocatedAmountSet {_SIDE} }}
    tax_lines: taxLines {{ price_set: priceSet {_SIDE} }}
    product {{ id }} variant {{ id }}"""
REFUND_LINE = f"""line_item: lineItem {{ id }} quantity restock_type: restockType
    subtotal_set: subtotalSet {_SIDE} total_tax_set: totalTaxSet {_SIDE}"""
REFUND = f"""id created_at: createdAt note
    total_refunded_set: totalRefundedSet {_SIDE}
    transactions(first: 3) {{ nodes {{ kind status amount_set: amountSet {_SIDE} }} {_MORE} }}
    refund_shipping_lines: refundShippingLines(first: 1) {{
      nodes {{ subtotal_amount_set: subtotalAmountSet {_SIDE} }} }}"""
REFUNDS_AT_ONCE = 2
SHIPPING_LINE = f"title is_removed: isRemoved discounted_price_set: discountedPriceSet {_SIDE}"
ORDER_FLAT = f"""id name created_at: createdAt processed_at: processedAt updated_at: updatedAt
    cancelled_at: cancelledAt cancel_reason: cancelReason test note tags email phone
    currency: currencyCode presentment_currency: presentmentCurrencyCode taxes_included: taxesIncluded
    financial_status: displayFinancialStatus payment_gateway_names: paymentGatewayNames
    discount_codes: discountCodes
    total_price_set: totalPriceSet {_SIDE} total_tax_set: totalTaxSet {_SIDE}
    current_total_price_set: currentTotalPriceSet {_SIDE} current_total_tax_set: currentTotalTaxSet {_SIDE}
    total_discounts_set: totalDiscountsSet {_SIDE} total_tip_received_set: totalTipReceivedSet {_SIDE}
    customer {{ {_PERSON} }}
    billing_address: billingAddress {_ADDRESS} shipping_address: shippingAddress {_ADDRESS}
    transactions(first: 20) {{ kind status processed_at: processedAt }}
    fulfillments(first: 20) {{ id status created_at: createdAt delivered_at: deliveredAt
      tracking: trackingInfo(first: 1) {{ company number url }} }}"""
"""What is asked of an order, apart from the lists that come in pages and its refunds."""
ORDER = f"""{ORDER_FLAT}
    shipping_lines: shippingLines(first: 3) {{ nodes {{ {SHIPPING_LINE} }} }}
    line_items: lineItems(first: 10) {{ nodes {{ {LINE} }} {_MORE} }}
    refunds(first: {REFUNDS_AT_ONCE}) {{ {REFUND}
      refund_line_items: refundLineItems(first: 3) {{ nodes {{ {REFUND_LINE} }} {_MORE} }} }}"""
CUSTOMER = (
    f"""{_PERSON} created_at: createdAt updated_at: updatedAt tags default_address: defaultAddress {_ADDRESS}"""
)
VARIANT = "id title sku price compare_at_price: compareAtPrice inventory_quantity: inventoryQuantity"
PRODUCT_FLAT = """id title handle vendor status tags product_type: productType body_html: descriptionHtml
    created_at: createdAt updated_at: updatedAt published_at: publishedAt
    featured_media: featuredMedia { preview { image { src: url } } }"""
"""What is asked of a product, apart from its variants."""
PRODUCT = f"""{PRODUCT_FLAT} variants(first: 50) {{ nodes {{ {VARIANT} }} {_MORE} }}"""
CHECKOUT = f"""id created_at: createdAt updated_at: updatedAt completed_at: completedAt
    abandoned_checkout_url: abandonedCheckoutUrl customer {{ {_PERSON} }}
    total_price_set: totalPriceSet {_SIDE} total_discounts_set: totalDiscountSet {_SIDE}
    line_items: lineItems(first: 50) {{ nodes {{ title variant_title: variantTitle sku quantity
      price_set: originalUnitPriceSet {_SIDE} product {{ id }} variant {{ id }} }} {_MORE} }}"""
ROOTS: Mapping[str, tuple[str, str]] = {
    "people": ("customers", CUSTOMER),
    "products": ("products", PRODUCT),
    "orders": ("orders", ORDER),
    "carts": ("abandonedCheckouts", CHECKOUT),
}
"""The root that lists each noun, and what is asked of each thing."""
CHILDREN: Mapping[str, tuple[str, str, str]] = {
    "line_items": ("Order", "lineItems", LINE),
    "refund_line_items": ("Refund", "refundLineItems", REFUND_LINE),
    "variants": ("Product", "variants", VARIANT),
}
"""Lists inside a thing that may go on: the type they are in, their name there, and what is asked of each member."""
LOOK = """query Look {
  shop { name currencyCode }
  people: customersCount(limit: null) { count }
  products: productsCount(limit: null) { count }
  orders: ordersCount(limit: null) { count }
  currentAppInstallation { accessScopes { handle } }
  webhookSubscriptions(first: 100) { nodes { topic } }
}"""


def ask(text: str, variables: Mapping[str, Any] | None = None, *, is_presentment: bool = False) -> WireRequest:
    """A question to GraphQL, about amounts in the shop's currency or in the buyer's."""
    body = msgspec.json.encode({"query": sided(text, is_presentment=is_presentment), "variables": variables or {}})
    headers = (("Content-Type", "application/json"),)
    return WireRequest(method="POST", path=f"/admin/api/{VERSION}/graphql.json", body=body, headers=headers)


def sided(text: str, *, is_presentment: bool) -> str:
    """A query whose amounts are in the shop's currency or in the buyer's."""
    return text.replace("MONEY", _SIDES[is_presentment])


def page(noun: str, *, after_id: int, since: datetime | None, first: int, is_presentment: bool) -> WireRequest:
    """The next things of a noun behind an id."""
    root, wanted = ROOTS[noun]
    terms = [f"id:>{after_id}"] if after_id else []
    if since is not None:
        terms.append(f"updated_at:>='{since.strftime('%Y-%m-%dT%H:%M:%SZ')}'")
    query = (
        "query Page($first: Int!, $query: String) { "
        f"things: {root}(first: $first, sortKey: ID, query: $query) "
        f"{{ nodes {{ {wanted} }} pageInfo {{ hasNextPage }} }} }}"
    )
    return ask(query, {"first": first, "query": " AND ".join(terms) or None}, is_presentment=is_presentment)


def children(name: str, parent: str, *, after: str | None, is_presentment: bool) -> WireRequest:
    """More of a list inside a thing."""
    of, field, wanted = CHILDREN[name]
    query = (
        "query More($id: ID!, $first: Int!, $after: String) { "
        f"node(id: $id) {{ ... on {of} {{ things: {field}(first: $first, after: $after) "
        f"{{ nodes {{ {wanted} }} {_MORE} }} }} }} }}"
    )
    return ask(query, {"id": parent, "first": 50, "after": after}, is_presentment=is_presentment)


def all_refunds(order: str, *, is_presentment: bool) -> WireRequest:
    """Every refund of an order, without its lines."""
    query = (
        "query Refunds($id: ID!) { "
        f"node(id: $id) {{ ... on Order {{ things: refunds(first: 50) {{ {REFUND} }} }} }} }}"
    )
    return ask(query, {"id": order}, is_presentment=is_presentment)
