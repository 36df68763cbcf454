"""What Yespo has and its door has not, and why."""

from __future__ import annotations

from orderwire.dialects.doorway import NotOffered

_MESSAGES = (
    "Messages are not sent from here: a send that is answered with success and does not happen would be worse."
)

NOT_OFFERED: tuple[NotOffered, ...] = (
    NotOffered(
        call="DELETE /api/v1/orders",
        why="The log is append-only; an order is taken back by its status, a person is forgotten by the operator.",
    ),
    NotOffered(
        call="DELETE /api/v1/contact…?erase=true",
        why="An API key may not erase for good; answered with 403, so that nobody takes it for done.",
    ),
    NotOffered(
        call="DELETE /api/v1/past_events, /api/v2/past_events",
        why="The log is append-only; on the platform too it is off until support switches it on.",
    ),
    NotOffered(
        call="POST /api/v1/auth/token, /api/v1/auth/contact/token",
        why="Tokens would be keys that nobody made and nobody can revoke; a key is taken as a bearer token itself.",
    ),
    NotOffered(call="POST /api/v1/message/…, GET /api/v1/message/status, /api/v1/messages/…", why=_MESSAGES),
    NotOffered(call="/api/v1/broadcast, /api/v1/broadcasts", why=_MESSAGES),
    NotOffered(
        call="POST /api/v1/contacts/upload",
        why="Fetching a file from an address that a caller names is not done; send the contacts themselves.",
    ),
    NotOffered(call="GET /api/v2/contacts/messages, GET /api/v1/interactions/…", why="Messages are not known here."),
    NotOffered(call="GET /api/v2/contacts/recoms/{dataSourceId}", why="There are no recommendations yet."),
    NotOffered(call="GET, POST /api/v1/products/config", why="Products come in by their sources, not by a feed."),
    NotOffered(call="/api/v1/promocodes", why="There are no promo codes here."),
    NotOffered(call="GET /api/v1/balance/history", why="Nothing is billed here."),
    NotOffered(
        call="/api/v1/apps/…, /api/v1/contact/token/…", why="Push tokens are kept with the contact; none is sent to."
    ),
    NotOffered(call="GET /api/v1/site/webpush/domains, /api/v1/site/webpush/script", why="There is no web push."),
    NotOffered(
        call="POST, DELETE /api/v1/shopify/token",
        why="The app gives its access to the shop away with it; connect the shop as a source instead.",
    ),
)
