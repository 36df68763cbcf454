"""What Klaviyo's API has and this door has not, and why. A path stands for everything below it."""

from __future__ import annotations

from orderwire.dialects.doorway import NotOffered

_MESSAGES = "messages and their design are no part of order data"
_REPORTS = "computed from the ledger by reports, not by this API"
_DEVICES = "no message is sent to devices, so that no device is kept"
_OBJECTS = "things of another shape than people, products and orders are not kept"
_PAGES = "forms of the platform's own pages"

NOT_OFFERED: tuple[NotOffered, ...] = (
    NotOffered(call="/api/flows, /api/flow-actions, /api/flow-messages", why=_MESSAGES),
    NotOffered(call="/api/campaigns, /api/campaign-*", why=_MESSAGES),
    NotOffered(call="/api/templates, /api/template-*", why=_MESSAGES),
    NotOffered(call="/api/images, /api/image-upload, /api/web-feeds, /api/brand-*", why=_MESSAGES),
    NotOffered(call="/api/text-messaging-*, /api/translations, /api/conversation-messages", why=_MESSAGES),
    NotOffered(call="/api/profiles/{id}/conversation, /api/profiles/{id}/relationships/conversation", why=_MESSAGES),
    NotOffered(call="/api/forms, /api/form-*", why=_PAGES),
    NotOffered(
        call="/ajax/subscriptions/subscribe, /onsite/components/back-in-stock/subscribe",
        why=_PAGES,
    ),
    NotOffered(call="/api/reviews, /client/reviews, /client/review-values-reports", why="no reviews are kept"),
    NotOffered(call="/api/segments", why="segments are defined at home"),
    NotOffered(call="/api/tags, /api/tag-groups", why="there is nothing here that tags are put on"),
    NotOffered(call="/api/coupons, /api/coupon-codes, /api/coupon-code-*", why="no coupons are kept"),
    NotOffered(call="/api/metric-aggregates, /api/custom-metrics, /api/mapped-metrics", why=_REPORTS),
    NotOffered(
        call="/api/metric-properties, /api/metrics/{id}/metric-properties, "
        "/api/metrics/{id}/relationships/metric-properties",
        why=_REPORTS,
    ),
    NotOffered(call="/api/flow-*-reports, /api/segment-*-reports", why=_REPORTS),
    NotOffered(call="/api/v1/metric/{id}/export", why=_REPORTS),
    NotOffered(call="/api/push-tokens, /client/push-tokens, /client/push-token-unregister", why=_DEVICES),
    NotOffered(call="/client/geofences, /client/ip-allowlists", why=_DEVICES),
    NotOffered(
        call="/api/data-sources, /api/data-source-*, /api/object-*, /api/source-mappings, /api/custom-objects",
        why=_OBJECTS,
    ),
    NotOffered(call="/api/webhooks, /api/webhook-topics", why="calling out is no part of the front door"),
    NotOffered(call="/api/tracking-settings", why="links are not tracked"),
    NotOffered(call="/api/billing-usage", why="nothing is billed"),
)
