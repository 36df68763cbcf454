"""The `klaviyo` package, for Klaviyo's API before 2022: track and identify, lists, metrics, people."""

from __future__ import annotations

import warnings
from typing import Any

from trial import HOUSE, call, refused

warnings.simplefilter("ignore")
from klaviyo.data_privacy import DataPrivacy  # noqa: E402 - it warns when it is imported
from klaviyo.lists import Lists  # noqa: E402
from klaviyo.metrics import Metrics  # noqa: E402
from klaviyo.profiles import Profiles  # noqa: E402
from klaviyo.public import Public  # noqa: E402

BASE = f"{HOUSE['url']}/api"


def made(kind: Any) -> Any:
    kind.KLAVIYO_API_SERVER = BASE
    return kind(public_token=HOUSE["public"], private_token=HOUSE["key"], api_server=BASE)


def data(answer: Any) -> Any:
    return answer.data


def tracking() -> None:
    public = made(Public)
    seen = {"ProductID": "P1", "ProductName": "Mug", "$event_id": "v1"}
    call(
        "track",
        lambda: public.track(
            "Viewed Product", email="ana@mail.test", external_id="c-1", properties=seen, timestamp=1769760000
        ),
        lambda a: a.data,
        1,
    )
    for name in ("track_once", "track_once again"):
        call(
            name,
            lambda: public.track_once("First", email="ana@mail.test", timestamp=1769760001),
            lambda a: a.data,
            1,
        )
    odd = {"x": "ö & = +", "$event_id": "p1"}
    call(
        "track by POST",
        lambda: public.track("Posted", email="ana@mail.test", properties=odd, timestamp=1769760002, method="post"),
        lambda a: a.data,
        1,
    )
    named = {"$first_name": "Ana"}
    call("identify", lambda: public.identify(email="ana@mail.test", properties=named), data, 1)


def lists() -> None:
    api = made(Lists)
    own = call("create_list", lambda: api.create_list("News"), lambda a: list(a.data), ["list_id"]).data["list_id"]
    call("get_lists", api.get_lists, data, [{"list_id": own, "list_name": "News"}])
    call("get_list_by_id", lambda: api.get_list_by_id(own), lambda a: a.data["list_name"], "News")
    call("update_list_name_by_id", lambda: api.update_list_name_by_id(own, "Fresh"))
    people = [{"email": "bo@mail.test", "pets": 1}]
    call("add_subscribers_to_list", lambda: api.add_subscribers_to_list(own, people), lambda a: len(a.data), 1)
    call(
        "get_subscribers_from_list",
        lambda: api.get_subscribers_from_list(own, ["bo@mail.test", "no@mail.test"]),
        lambda a: [one["email"] for one in a.data],
        ["bo@mail.test"],
    )
    call(
        "add_members_to_list",
        lambda: api.add_members_to_list(own, [{"email": "cy@mail.test"}]),
        lambda a: [one["email"] for one in a.data],
        ["cy@mail.test"],
    )
    call(
        "get_members_from_list",
        lambda: api.get_members_from_list(own, ["cy@mail.test"]),
        lambda a: [one["email"] for one in a.data],
        ["cy@mail.test"],
    )
    call("get_all_members", lambda: api.get_all_members(own), lambda a: len(a.data["records"]), 2)
    call("delete_subscribers_from_list", lambda: api.delete_subscribers_from_list(own, ["bo@mail.test"]))
    call("get_list_exclusions", lambda: api.get_list_exclusions(own), lambda a: type(a.data["records"]), list)
    call("remove_members_from_list", lambda: api.remove_members_from_list(own, ["cy@mail.test"]))
    call("get_all_members, empty", lambda: api.get_all_members(own), lambda a: a.data["records"], [])
    call("delete_list", lambda: api.delete_list(own))


def people() -> None:
    api, metrics = made(Profiles), made(Metrics)
    call(
        "get_metrics",
        lambda: metrics.get_metrics(count=50),
        lambda a: sorted({"First", "Posted", "Viewed Product"} & {one["name"] for one in a.data["data"]}),
        ["First", "Posted", "Viewed Product"],
    )
    call("get_metrics_timeline", lambda: metrics.get_metrics_timeline(count=3), lambda a: len(a.data["data"]), 3)
    who = call(
        "get_profile_id_by_email",
        lambda: api.get_profile_id_by_email("ana@mail.test"),
        lambda a: bool(a.data["id"]),
        True,
    ).data["id"]
    call(
        "get_profile",
        lambda: api.get_profile(who),
        lambda a: (a.data["$email"], a.data["$first_name"]),
        ("ana@mail.test", "Ana"),
    )
    changed = {"$last_name": "Lima", "size": "M"}
    call(
        "update_profile",
        lambda: api.update_profile(who, changed),
        lambda a: (a.data["$last_name"], a.data["size"]),
        ("Lima", "M"),
    )
    call(
        "unset_profile_properties",
        lambda: api.unset_profile_properties(who, ["size"]),
        lambda a: "size" in a.data,
        False,
    )
    call(
        "get_profile_metrics_timeline",
        lambda: api.get_profile_metrics_timeline(who),
        lambda a: len(a.data["data"]) >= 3,
        True,
    )
    refused("get_profile that is not there", lambda: api.get_profile("nobody"), lambda error: error.status_code, 404)
    call("request_profile_deletion", lambda: made(DataPrivacy).request_profile_deletion("cy@mail.test"))


if __name__ == "__main__":
    tracking()
    lists()
    people()
