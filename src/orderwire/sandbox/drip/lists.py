"""The smaller resources: accounts, tags, custom fields, webhooks, and the lists that an account without any has."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from orderwire.sandbox.drip.people import People
from orderwire.sandbox.drip.refusals import not_found, refused, wrong_structure
from orderwire.sandbox.drip.store import Store, made_id
from orderwire.sandbox.kit import Answer

_EMPTY = ("campaigns", "broadcasts", "workflows", "forms", "goals")
_PAGED = ("campaigns", "broadcasts", "workflows")


class Lists:
    """What an account has besides people and what they do."""

    def __init__(self, store: Store, people: People) -> None:
        self.store = store
        self.people = people

    def accounts(self, wanted: str | None) -> Answer:
        """`GET accounts`, by which clients check their credentials."""
        ident = wanted or "9999999"
        account = {
            "id": ident,
            "name": "Sandbox",
            "url": "shop.test",
            "default_from_name": "Sandbox",
            "default_from_email": "shop@mail.test",
            "primary_email": "shop@mail.test",
            "enable_third_party_cookies": False,
            "created_at": "2020-01-01T00:00:00Z",
            "href": f"https://api.getdrip.com/v2/accounts/{ident}",
        }
        return Answer(200, {"accounts": [account]})

    def answer(self, method: str, account: str, rest: list[str], body: Any, now: datetime) -> Answer:
        """Every other call below the account."""
        match method, rest:
            case "GET", ["tags"]:
                people = self.store.people.values()
                return Answer(200, {"tags": sorted({tag for one in people for tag in one.tags})})
            case "POST", ["tags"]:
                return self._tag(body, now)
            case "DELETE", ["subscribers", key, "tags", tag]:
                return self._untag(key, tag)
            case "GET", ["custom_field_identifiers"]:
                people = self.store.people.values()
                names = sorted({name for one in people for name in one.custom_fields})
                return Answer(200, {"custom_field_identifiers": names})
            case "GET", ["subscribers", key, "campaign_subscriptions" | "campaign_subscription"]:
                return _empty("campaign_subscriptions") if self.store.find(key) else not_found()
            case "GET", [name] if name in _EMPTY:
                return _empty(name)
            case _, ["webhooks", *which] if len(which) <= 1:
                return self._webhooks(method, account, which, body, now)
            case _:
                return not_found()

    def _tag(self, body: Any, now: datetime) -> Answer:
        records = body.get("tags") if isinstance(body, dict) else None
        if not isinstance(records, list) or len(records) != 1 or not isinstance(records[0], dict):
            return wrong_structure()
        record = records[0]
        if not isinstance(record.get("tag"), str) or not record["tag"]:
            return refused(422, "presence_error", "Tag is required", "tag")
        if refusal := self.people.fault({"email": record.get("email")}):
            return refusal
        answer = Answer(201, {})
        person = self.people.resolve({"email": record["email"]}, now, answer)
        if person is None:
            return not_found()
        self.people.tag(person, record["tag"])
        answer.kept.append({"type": "tag", "id": record["tag"], "person": person.name})
        answer.fired.append({"type": "tag", "event": "Applied tag", "id": record["tag"], "person": person.name})
        return answer

    def _untag(self, key: str, tag: str) -> Answer:
        """Take a tag away; some clients escape a space as a plus, so the literal is looked for first."""
        person = self.store.find(key)
        if person is None:
            return not_found()
        found = next((one for one in (tag, tag.replace("+", " ")) if one in person.tags), None)
        if found is not None:
            person.tags.remove(found)
        return Answer(204)

    def _webhooks(self, method: str, account: str, which: list[str], body: Any, now: datetime) -> Answer:
        hooks = self.store.webhooks
        match method, which:
            case "GET", []:
                return Answer(200, {"webhooks": list(hooks.values())})
            case "GET", [ident] if ident in hooks:
                return Answer(200, {"webhooks": [hooks[ident]]})
            case "DELETE", [ident] if ident in hooks:
                del hooks[ident]
                return Answer(204)
            case "POST", []:
                return self._add_webhook(account, body, now)
            case _:
                return not_found()

    def _add_webhook(self, account: str, body: Any, now: datetime) -> Answer:
        records = body.get("webhooks") if isinstance(body, dict) else None
        if not isinstance(records, list) or len(records) != 1 or not isinstance(records[0], dict):
            return wrong_structure()
        url = records[0].get("post_url")
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            return refused(422, "url_error", "Post url is invalid", "post_url")
        ident = str(int(made_id("webhook", len(self.store.webhooks), url)[:8], 16))
        hook = {
            "id": ident,
            "href": f"https://api.getdrip.com/v2/{account}/webhooks/{ident}",
            "post_url": url,
            "version": "2",
            "include_received_email": bool(records[0].get("include_received_email", False)),
            "events": records[0].get("events", []),
            "created_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "links": {"account": account},
        }
        self.store.webhooks[ident] = hook
        return Answer(201, {"webhooks": [hook]})


def _empty(name: str) -> Answer:
    body: dict[str, Any] = {"links": {}, name: []}
    if name in _PAGED:
        body["meta"] = {"page": 1, "count": 0, "total_pages": 0, "total_count": 0}
    return Answer(200, body)
