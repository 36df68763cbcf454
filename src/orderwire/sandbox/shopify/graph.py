"""How the Admin GraphQL API shows things."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from orderwire.sandbox.shopify import amounts
from orderwire.sandbox.shopify.graphql import Connection
from orderwire.sandbox.trading.merchant import Merchant
from orderwire.sandbox.trading.things import Customer, Line, Order, Product, Refund, tax_in

Thing = dict[str, Any]


def instant(at: datetime | None) -> str | None:
    """A time as GraphQL gives it."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def gid(kind: str, number: int) -> str:
    """The address of a thing."""
    return f"gid://shopify/{kind}/{number}"


def money(pence: int) -> Thing:
    """An amount in both currencies, which are one here."""
    value = {"__typename": "MoneyV2", "amount": f"{pence // 100}.{pence % 100:02d}", "currencyCode": "GBP"}
    return {"__typename": "MoneyBag", "shopMoney": value, "presentmentMoney": value}


def status_of(order: Order) -> str:
    """How an order's payment stands."""
    if order.cancelled:
        return "VOIDED"
    if not order.paid:
        return "PENDING"
    if not order.refunds:
        return "PAID"
    return "REFUNDED" if order.refunded >= order.total else "PARTIALLY_REFUNDED"


def order(one: Order, merchant: Merchant) -> Thing:
    """An order."""
    before, now = amounts.placed(one), amounts.now(one)
    account = merchant.customers.get(one.customer or 0)
    payments = [
        {"__typename": "OrderTransaction", "kind": "SALE", "status": "SUCCESS", "processedAt": instant(one.paid)}
    ]
    return {
        "__typename": "Order",
        "id": gid("Order", one.id),
        "name": f"#{one.id % 100000}",
        "createdAt": instant(one.created),
        "processedAt": instant(one.created),
        "updatedAt": instant(one.modified),
        "cancelledAt": instant(one.cancelled),
        "cancelReason": "CUSTOMER" if one.cancelled else None,
        "test": False,
        "note": None,
        "tags": ["web"],
        "email": one.email,
        "phone": None,
        "currencyCode": "GBP",
        "presentmentCurrencyCode": "GBP",
        "taxesIncluded": amounts.is_gross(one),
        "displayFinancialStatus": status_of(one),
        "paymentGatewayNames": ["bogus"],
        "discountCodes": [one.coupon] if one.coupon else [],
        "totalPriceSet": money(before.total),
        "totalTaxSet": money(before.tax),
        "currentTotalPriceSet": money(now.total),
        "currentTotalTaxSet": money(now.tax),
        "totalDiscountsSet": money(before.discount),
        "totalTipReceivedSet": money(0),
        "customer": customer(account) if account else None,
        "billingAddress": address(account),
        "shippingAddress": address(account),
        "shippingLines": Connection([_shipping(one)]),
        "transactions": payments if one.paid else [],
        "fulfillments": [_parcel(one)] if one.shipped else [],
        "lineItems": Connection([_line(one, line) for line in one.lines]),
        "refunds": [refund(one, back) for back in one.refunds],
    }


def refund(of: Order, one: Refund) -> Thing:
    """A refund."""
    by_id = {line.id: line for line in of.lines}
    lines = [
        {
            "__typename": "RefundLineItem",
            "lineItem": _line(of, by_id[number]),
            "quantity": pieces,
            "restockType": "RETURN",
            "subtotalSet": money(amounts.without_tax(of, one.amount)),
            "totalTaxSet": money(tax_in(one.amount)),
        }
        for number, pieces in one.lines
    ]
    paid = {"__typename": "OrderTransaction", "kind": "REFUND", "status": "SUCCESS", "amountSet": money(one.amount)}
    return {
        "__typename": "Refund",
        "id": gid("Refund", one.id),
        "createdAt": instant(one.at),
        "note": one.reason,
        "totalRefundedSet": money(one.amount),
        "transactions": Connection([paid]),
        "refundShippingLines": Connection([]),
        "refundLineItems": Connection(lines),
    }


def customer(one: Customer) -> Thing:
    """A customer; not subscribed and never asked where nothing was chosen."""
    state = ("SUBSCRIBED" if one.wants else "UNSUBSCRIBED") if one.tick else "NOT_SUBSCRIBED"
    return {
        "__typename": "Customer",
        "id": gid("Customer", one.id),
        "firstName": one.first_name,
        "lastName": one.last_name,
        "createdAt": instant(one.created),
        "updatedAt": instant(one.modified),
        "tags": [],
        "defaultAddress": address(one),
        "defaultEmailAddress": {
            "__typename": "CustomerEmailAddress",
            "emailAddress": one.email,
            "marketingState": state,
            "marketingOptInLevel": "SINGLE_OPT_IN",
            "marketingUpdatedAt": instant(one.tick),
        },
        "defaultPhoneNumber": {
            "__typename": "CustomerPhoneNumber",
            "phoneNumber": one.phone,
            "marketingState": "NOT_SUBSCRIBED",
            "marketingOptInLevel": "SINGLE_OPT_IN",
            "marketingUpdatedAt": None,
        },
    }


def product(one: Product) -> Thing:
    """A product; one without sizes has one variant."""
    variants = one.variants or {one.id + 1: "Default Title"}
    return {
        "__typename": "Product",
        "id": gid("Product", one.id),
        "title": one.title,
        "handle": f"thing-{one.id}",
        "vendor": "Kiln & Co",
        "status": "ACTIVE",
        "tags": ["new", "blue"],
        "productType": "Cups",
        "descriptionHtml": "<p>A cup.</p>",
        "createdAt": instant(one.created),
        "updatedAt": instant(one.modified),
        "publishedAt": instant(one.created),
        "featuredMedia": {
            "__typename": "MediaImage",
            "preview": {
                "__typename": "MediaPreviewImage",
                "image": {"__typename": "Image", "url": f"https://cdn.shop.test/{one.id}.png?v=17"},
            },
        },
        "variants": Connection([_variant(one, number, title) for number, title in variants.items()]),
    }


def address(one: Customer | None) -> Thing | None:
    """The one address that customers have."""
    if one is None:
        return None
    return {
        "__typename": "MailingAddress",
        "firstName": one.first_name,
        "lastName": one.last_name,
        "company": None,
        "address1": "1 High Street",
        "address2": None,
        "city": "London",
        "province": "England",
        "provinceCode": "ENG",
        "zip": "N1 1AA",
        "country": "United Kingdom",
        "countryCodeV2": "GB",
        "phone": one.phone,
    }


def _variant(of: Product, number: int, title: str) -> Thing:
    return {
        "__typename": "ProductVariant",
        "id": gid("ProductVariant", number),
        "title": title,
        "sku": f"sku-{number}",
        "price": f"{of.price // 100}.{of.price % 100:02d}",
        "compareAtPrice": None,
        "inventoryQuantity": 7,
    }


def _line(of: Order, line: Line) -> Thing:
    discount = amounts.without_tax(of, line.discount)
    shares = [{"__typename": "DiscountAllocation", "allocatedAmountSet": money(discount)}] if discount else []
    return {
        "__typename": "LineItem",
        "id": gid("LineItem", line.id),
        "name": line.title,
        "title": line.title,
        "sku": f"sku-{line.variant or line.product + 1}",
        "vendor": "Kiln & Co",
        "quantity": line.quantity,
        "currentQuantity": line.left - amounts.went_back(of, line),
        "isGiftCard": False,
        "originalUnitPriceSet": money(amounts.line_price(of, line)),
        "discountAllocations": shares,
        "taxLines": [{"__typename": "TaxLine", "priceSet": money(tax_in(line.total))}],
        "product": {"__typename": "Product", "id": gid("Product", line.product)},
        "variant": {"__typename": "ProductVariant", "id": gid("ProductVariant", line.variant or line.product + 1)},
    }


def _shipping(one: Order) -> Thing:
    price = money(amounts.without_tax(one, one.shipping))
    return {
        "__typename": "ShippingLine",
        "id": gid("ShippingLine", one.id),
        "title": "Standard",
        "isRemoved": False,
        "discountedPriceSet": price,
    }


def _parcel(one: Order) -> Thing:
    tracking = {
        "__typename": "FulfillmentTrackingInfo",
        "company": "Royal Mail",
        "number": f"RM{one.id}",
        "url": f"https://track.test/{one.id}",
    }
    return {
        "__typename": "Fulfillment",
        "id": gid("Fulfillment", one.id * 10),
        "status": "SUCCESS",
        "createdAt": instant(one.shipped),
        "deliveredAt": None,
        "trackingInfo": [tracking],
    }
