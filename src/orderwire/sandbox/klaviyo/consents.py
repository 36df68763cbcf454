"""The consent jobs: subscribe, unsubscribe, suppress, unsuppress."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from orderwire.sandbox.kit import Answer
from orderwire.sandbox.klaviyo import shapes
from orderwire.sandbox.klaviyo.consent_shapes import SUBSCRIBE, SUPPRESS, UNSUBSCRIBE, UNSUPPRESS, dated_faults
from orderwire.sandbox.klaviyo.lists import Lists
from orderwire.sandbox.klaviyo.person_shapes import identity_faults
from orderwire.sandbox.klaviyo.profiles import Permission, Profile, Profiles, is_test_address, spelled
from orderwire.sandbox.klaviyo.refusals import Fault, Refused, refuse_if
from orderwire.sandbox.klaviyo.world import Ask, Jobs, job_resource, rejected, stamp
from orderwire.sandbox.klaviyo.world import document as answered

LIFTED = ("UNSUBSCRIBE", "SPAM_COMPLAINT", "USER_SUPPRESSED")
"""Suppressions that a subscription removes; bounces and invalid addresses stay."""


class Consents:
    """The consent jobs over the stand-in's profiles and lists.

    `opt_in` is the account's default, `double_opt_in` or `single_opt_in`, used where no list is named.
    """

    def __init__(self, profiles: Profiles, lists: Lists, jobs: Jobs, bad: frozenset[str], *, opt_in: str) -> None:
        self.profiles = profiles
        self.lists = lists
        self.jobs = jobs
        self.bad = bad
        self.opt_in = opt_in

    def subscribe(self, ask: Ask) -> Answer:
        """POST /api/profile-subscription-bulk-create-jobs."""
        data = ask.body(SUBSCRIBE)
        attributes = data["attributes"]
        is_history = bool(attributes.get("historical_import"))
        target = self._list(data)
        entries = attributes["profiles"]["data"]
        faults: list[Fault] = []
        for place, entry in enumerate(entries):
            at = f"/data/attributes/profiles/data/{place}"
            faults.extend(self._faults(entry, at))
            faults.extend(dated_faults(entry, at, ask.now, is_history=is_history))
        refuse_if(faults)
        answer = Answer(202)
        source = attributes.get("custom_source")
        for entry in entries:
            self._subscribe_one(entry, answer, ask, target, is_history=is_history, source=source)
        return answer

    def unsubscribe(self, ask: Ask) -> Answer:
        """POST /api/profile-subscription-bulk-delete-jobs; someone not on the named list is unsubscribed globally."""
        data = ask.body(UNSUBSCRIBE)
        target = self._list(data)
        entries = data["attributes"]["profiles"]["data"]
        faults: list[Fault] = []
        for place, entry in enumerate(entries):
            faults.extend(self._faults(entry, f"/data/attributes/profiles/data/{place}"))
        refuse_if(faults)
        answer = Answer(202)
        for entry in entries:
            attributes = entry["attributes"]
            profile = self._profile(attributes, ask)
            is_listed = target is not None and target in profile.lists
            for channel in _marketing(attributes):
                answer.kept.append(_kept(profile, attributes, channel, "UNSUBSCRIBED", ask.now, quiet=True))
                if is_listed and target is not None:
                    profile.lists.pop(target)
                    profile.list_suppressions.append((target, "UNSUBSCRIBE", ask.now))
                else:
                    _opt_out(profile, channel, ask.now)
        return answer

    def suppress(self, ask: Ask) -> Answer:
        """POST /api/profile-suppression-bulk-create-jobs."""
        return self._suppression(ask, "profile-suppression-bulk-create-job", SUPPRESS)

    def unsuppress(self, ask: Ask) -> Answer:
        """POST /api/profile-suppression-bulk-delete-jobs."""
        return self._suppression(ask, "profile-suppression-bulk-delete-job", UNSUPPRESS)

    def suppression_job(self, ask: Ask) -> Answer:
        """GET one job of either suppression endpoint."""
        kind = _kind(ask)
        return answered(job_resource(self.jobs.get(kind, ask.args[0]), ask), ask)

    def suppression_jobs(self, ask: Ask) -> Answer:
        """GET the jobs of either suppression endpoint."""
        jobs = [job_resource(job, ask) for job in self.jobs.listed(_kind(ask), ask)]
        return answered(jobs, ask, {"self": ask.url, "next": None, "prev": None})

    def _suppression(self, ask: Ask, kind: str, shape: shapes.Check) -> Answer:
        data = ask.body(shape)
        entries = data["attributes"].get("profiles", {}).get("data", [])
        faults: list[Fault] = []
        for place, entry in enumerate(entries):
            at = f"/data/attributes/profiles/data/{place}/attributes"
            faults.extend(identity_faults(entry["attributes"], at))
        refuse_if(faults)
        target = self._list(data)
        listed = [profile for profile in self.profiles.by_id.values() if target and target in profile.lists]
        if not entries and target is None:
            raise Refused(400, Fault("Either profiles or a list or segment is required.", "/data"))
        profiles = [self._profile(entry["attributes"], ask) for entry in entries] + listed
        job = self.jobs.open(kind, len(profiles), ask)
        starts = kind.endswith("create-job")
        for profile in profiles:
            held = [pair for pair in profile.suppressions if pair[0] == "USER_SUPPRESSED"]
            job.skipped += bool(held) == starts
            if starts and not held:
                profile.suppressions.append(("USER_SUPPRESSED", ask.now))
            elif not starts:
                profile.suppressions = [pair for pair in profile.suppressions if pair not in held]
            profile.updated = ask.now
        state = "SUPPRESSED" if starts else "UNSUPPRESSED"
        answer = answered(job_resource(job, ask), ask, status=202)
        answer.kept = [
            _kept(profile, profile.identifiers, "email", state, ask.now, quiet=True) for profile in profiles
        ]
        return answer

    def _list(self, data: dict[str, Any]) -> str | None:
        related = data.get("relationships", {}).get("list")
        if related is None:
            return None
        identity: str = related["data"]["id"]
        if identity not in self.lists.by_id:
            raise Refused(400, Fault(f"List not found with id {identity}.", "/data/relationships/list/data/id"))
        return identity

    def _profile(self, attributes: dict[str, Any], ask: Ask) -> Profile:
        profile = self.profiles.find(attributes)
        if profile is None:
            profile = self.profiles.create(ask.now)
        named = {name: attributes.get(name) for name in ("email", "phone_number")}
        self.profiles.change(profile, named, ask.now)
        return profile

    def _faults(self, entry: dict[str, Any], at: str) -> list[Fault]:
        attributes = entry["attributes"]
        if not (attributes.get("email") or attributes.get("phone_number")):
            return [Fault("One of email or phone_number is required.", f"{at}/attributes")]
        if spelled(attributes) in self.bad:
            return [Fault("This profile is refused.", f"{at}/attributes")]
        faults = identity_faults(attributes, f"{at}/attributes")
        asked = attributes["subscriptions"]
        if not asked:
            faults.append(Fault("At least one channel is required.", f"{at}/attributes/subscriptions"))
        for channel, identifier in (("email", "email"), ("sms", "phone_number"), ("whatsapp", "phone_number")):
            if asked.get(channel) and not attributes.get(identifier):
                detail = f"{identifier} is required for the {channel} channel."
                faults.append(Fault(detail, f"{at}/attributes/subscriptions/{channel}"))
        return faults

    def _subscribe_one(
        self,
        entry: dict[str, Any],
        answer: Answer,
        ask: Ask,
        target: str | None,
        *,
        is_history: bool,
        source: str | None,
    ) -> None:
        attributes = entry["attributes"]
        if is_test_address(attributes):
            answer.kept.append(rejected(spelled(attributes), "test address: accepted and dropped"))
            return
        profile = self._profile(attributes, ask)
        opt_in = self.lists.by_id[target].opt_in if target else self.opt_in
        for channel, stated in _marketing(attributes).items():
            permission: Permission = getattr(profile, channel)
            at = shapes.moment(stated.get("consented_at")) or ask.now
            kept = _kept(profile, attributes, channel, "SUBSCRIBED", at, quiet=is_history)
            answer.kept.append(kept | {"list": target, "is_double_opt_in": False})
            if not is_history and opt_in == "double_opt_in" and permission.consent != "SUBSCRIBED":
                permission.is_pending = True
                answer.kept[-1]["is_double_opt_in"] = True
                answer.fired.append({"trigger": "double_opt_in", "channel": channel, "person": spelled(attributes)})
                continue
            _opt_in(profile, channel, at, ask.now, source)
            if target is not None and target not in profile.lists:
                profile.lists[target] = ask.now
                if not is_history:
                    answer.fired.append({"trigger": "list", "list": target, "person": spelled(attributes)})


def _kind(ask: Ask) -> str:
    return "profile-suppression-bulk-" + ("create-job" if "bulk-create" in ask.call.path else "delete-job")


def _marketing(attributes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    asked = attributes["subscriptions"]
    return {name: asked[name]["marketing"] for name in ("email", "sms") if (asked.get(name) or {}).get("marketing")}


def _opt_in(profile: Profile, channel: str, at: datetime, now: datetime, source: str | None) -> None:
    permission: Permission = getattr(profile, channel)
    permission.consent, permission.consented_at, permission.updated_at = "SUBSCRIBED", at, now
    permission.method, permission.detail, permission.is_pending = "API", source, False
    if channel == "email":
        profile.suppressions = [pair for pair in profile.suppressions if pair[0] not in LIFTED]


def _opt_out(profile: Profile, channel: str, now: datetime) -> None:
    permission: Permission = getattr(profile, channel)
    permission.consent, permission.updated_at, permission.is_pending = "UNSUBSCRIBED", now, False
    permission.consented_at = now
    if channel == "email" and not any(why == "UNSUBSCRIBE" for why, _ in profile.suppressions):
        profile.suppressions.append(("UNSUBSCRIBE", now))


def _kept(
    profile: Profile, attributes: dict[str, Any], channel: str, state: str, at: datetime, *, quiet: bool
) -> dict[str, Any]:
    permission: Permission = getattr(profile, channel)
    return {
        "type": "consent",
        "id": profile.id,
        "person": spelled(attributes, profile.id),
        "channel": channel,
        "status": state,
        "before": permission.consent,
        "suppressed_before": [why for why, _ in profile.suppressions] if channel == "email" else [],
        "occurred_at": stamp(at),
        "quiet": quiet,
        "duplicate": permission.consent == state,
        "amount": None,
    }
