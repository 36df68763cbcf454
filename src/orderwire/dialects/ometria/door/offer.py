"""What Ometria has and its door has not, and why."""

from __future__ import annotations

from orderwire.dialects.doorway import NotOffered

NOT_OFFERED: tuple[NotOffered, ...] = (
    NotOffered(
        call="POST /v2/merge-profile",
        why="People are joined by what records say of them, or taken together by the operator; no call may do it.",
    ),
    NotOffered(
        call="POST /v2/transactional-email/send",
        why="No mail is sent from here: a send that is answered with success and does not happen would be worse.",
    ),
    NotOffered(call="GET /v2/lists/{id}/changes", why="When somebody came into a list is not kept."),
    NotOffered(
        call="POST /forms/signup, /forms/signup/ajax",
        why="A form in a page has a public key only, and a public key may not state permission.",
    ),
    NotOffered(
        call="POST /ping.php",
        why="A hint to fetch something from the shop; the shop's own source fetches its changes without it.",
    ),
    NotOffered(call="GET /tags/{hash}.js", why="The tag is Ometria's own script."),
    NotOffered(
        call="GET /ometria_api/v1/…",
        why="Ometria calls the shop there; a shop is read by its own source.",
    ),
)
