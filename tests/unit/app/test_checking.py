"""Settings with their origin, mappings against what is there, rows beside records."""

from pathlib import Path

import pytest

from orderwire.app.alarms.settings import AlarmSettings
from orderwire.app.checking import origins, preview_source
from orderwire.app.checkup import StatusChoice, check_settings
from orderwire.app.frontdoor.settings import ServerSettings
from orderwire.app.initialise import initialise
from orderwire.errors import ConfigError, Conflict, NotFound
from orderwire.testing.commands import ORDERS, SOURCE, build_shop

FILES = """
[source.papers]
kind = "files"
folder = "papers"
time_zone = "UTC"
currency = "EUR"
[source.papers.orders]
files = "orders*.csv"
id = "id"
fields = { placed_at = "placed_at", total = "total", email = "email" }
"""


def origin(folder: Path, key: str) -> tuple[str, str]:
    (found,) = [one for one in origins(folder) if one.key == key]
    return found.value, found.origin


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("workers", ("2", "default")),
        ("poll_every", ("1s", "orderwire.toml")),
        ("destination.drip.key", ("env:SHOP_KEY", "orderwire.toml")),
        ("destination.drip.platform", ("drip", "default")),
        ("destination.drip.kinds", ("all", "default")),
        ("destination.drip.limits.batch", ("50/h", "default")),
        ("destination.drip.include_test_orders", ("false", "default")),
        ("source.shop.orders.status.map.open", ("placed", "orderwire.toml")),
    ],
)
def test_every_setting_has_a_value_and_an_origin(folder: Path, key: str, expected: tuple[str, str]) -> None:
    assert expected == origin(folder, key)


FRONT = """
[server]
port = 9000
trusted_proxies = ["fd00::/8", "10.0.0.0/8"]
[alarms]
webhook = "https://user:hidden@chat.test/services/hidden?token=hidden"
key = "env:ALARM_SECRET"
every = "2min"
"""


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("server.port", ("9000", "orderwire.toml")),
        ("server.host", ("127.0.0.1", "default")),
        ("server.limits", ("true", "default")),
        ("server.metrics", ("loopback", "default")),
        ("server.trusted_proxies", ("10.0.0.0/8, fd00::/8", "orderwire.toml")),
        ("alarms.webhook", ("https://user:…@chat.test/…", "orderwire.toml")),
        ("alarms.key", ("env:ALARM_SECRET", "orderwire.toml")),
        ("alarms.every", ("120s", "orderwire.toml")),
        ("alarms.disk_below", ("2000000000", "default")),
        ("alarms.mail", ("", "default")),
    ],
)
def test_the_front_door_and_alarms_are_shown_with_their_origin(
    folder: Path, key: str, expected: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALARM_SECRET", "hidden")
    settings = folder / "orderwire.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + FRONT, encoding="utf-8")

    assert expected == origin(folder, key)
    assert not [one for one in origins(folder) if "hidden" in one.value]


def test_every_setting_of_the_front_door_and_of_alarms_is_shown(folder: Path) -> None:
    shown = {one.key for one in origins(folder)}
    for table, known in (("server", ServerSettings), ("alarms", AlarmSettings)):
        assert {f"{table}.{name}" for name in known.__struct_fields__} <= shown


def test_the_environment_goes_before_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERWIRE_LEDGER", "postgresql://shop:hidden@db.test/ledger")
    assert ("postgresql://shop:…@db.test/ledger", "environment ORDERWIRE_LEDGER") == origin(folder, "ledger")


def test_a_learned_limit_is_shown_as_such(folder: Path) -> None:
    settings = folder / "orderwire.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + '\nlimits = { batch = "learn" }\n', encoding="utf-8")
    assert ("learn", "orderwire.toml") == origin(folder, "destination.drip.limits.batch")


def test_a_check_counts_rows_and_statuses(folder: Path) -> None:
    (found,) = check_settings(folder).sources
    orders = next(one for one in found.entities if one.path == "orders")
    assert ((), ORDERS, [("paid", "own time")]) == (
        found.faults,
        orders.rows,
        [(one.status, one.when) for one in orders.statuses],
    )


def test_a_check_names_the_rows_that_an_undecided_status_is_about(folder: Path) -> None:
    text = SOURCE.replace('paid = "paid" }', 'paid = "fulfilled" }')
    (folder / "orderwire.toml").write_text(text, encoding="utf-8")
    (found,) = check_settings(folder).sources
    assert (1, True) == (len(found.faults), f"({ORDERS} rows" in found.faults[0])


@pytest.mark.parametrize(
    ("rule", "chosen"),
    [('"fulfilled"', ""), ('{ happening = "fulfilled", occurred_at = "updated_at" }', "updated_at")],
)
def test_a_check_tells_what_each_choice_of_a_status_gives(folder: Path, rule: str, chosen: str) -> None:
    (folder / "orderwire.toml").write_text(SOURCE.replace('paid = "paid" }', f"paid = {rule} }}"), encoding="utf-8")
    (found,) = check_settings(folder).sources
    assert (
        StatusChoice(
            entity="orders",
            status="paid",
            kind="order.fulfilled",
            happening="fulfilled",
            chosen=chosen,
            facts={"updated_at": ORDERS, "skip": 0},
        ),
    ) == found.choices
    assert ORDERS == next(one.rows for one in found.entities if one.path == "orders")


def test_a_mapping_with_other_faults_is_not_counted(folder: Path) -> None:
    text = SOURCE.replace('paid = "paid" }', 'paid = "fulfilled" }').replace('"total"', '"totall"')
    (folder / "orderwire.toml").write_text(text, encoding="utf-8")
    (found,) = check_settings(folder).sources
    assert ((), 1, True) == (found.entities, len(found.faults), '"totall"' in found.faults[0])


def test_a_destination_is_checked_without_being_reached(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "k-1")
    settings = folder / "orderwire.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + 'kinds = ["product.viewed", "order.*"]\n', "utf-8")
    (found,) = check_settings(folder).destinations
    assert ((), "env:SHOP_KEY", True) == (found.faults, found.key, "order.paid" in found.kinds)


def test_files_are_counted_by_reading_them(folder: Path) -> None:
    papers = folder / "papers"
    papers.mkdir()
    rows = "id,placed_at,total,email\n1,2024-01-01 10:00,5.00,a@mail.test\n2,sometime,5.00,b@mail.test\n"
    (papers / "orders.csv").write_text(rows, encoding="utf-8")
    (folder / "orderwire.toml").write_text(FILES, encoding="utf-8")
    ((found,),) = [one.entities for one in check_settings(folder).sources]
    previews = preview_source(folder, "papers", "orders")
    assert (1, 1) == (found.rows, len(found.warnings))
    assert [True, False] == [one.problem is None for one in previews]


def test_a_preview_of_a_source_that_does_not_exist(folder: Path) -> None:
    with pytest.raises(NotFound, match="there are: shop"):
        preview_source(folder, "store", "orders")


def test_a_first_mapping_is_drafted_beside_the_database(tmp_path: Path) -> None:
    build_shop(tmp_path / "shop.db")
    draft = initialise(tmp_path, str(tmp_path / "shop.db"), name="web")
    assert (tmp_path / "orderwire.toml", ()) == (draft.path, draft.to_decide)
    assert ["web"] == [one.source for one in check_settings(tmp_path).sources]


def test_a_database_elsewhere_is_named_whole(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    build_shop(tmp_path / "data" / "shop.db")
    initialise(tmp_path / "settings", str(tmp_path / "data" / "shop.db"))
    assert [()] == [one.faults for one in check_settings(tmp_path / "settings").sources]


def test_settings_are_never_overwritten(folder: Path) -> None:
    before = (folder / "orderwire.toml").read_bytes()
    with pytest.raises(Conflict):
        initialise(folder, str(folder / "shop.db"))
    assert before == (folder / "orderwire.toml").read_bytes()


def test_a_url_with_a_password_is_refused_before_anything_is_reached(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds a password") as raised:
        initialise(tmp_path, "postgresql://shop:hidden@127.0.0.1:9/shop")
    assert "hidden" not in str(raised.value)
