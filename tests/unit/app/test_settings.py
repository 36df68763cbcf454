"""What `orderwire.toml` means, and every problem with it at once."""

from pathlib import Path

import pytest

from orderwire.app.settings import Problems, load, secret
from orderwire.errors import ConfigError

SOURCE = '[source.{name}]\nkind = "sql"\nurl = "shop.db"\nknows_newsletter = {knows}\n'
DRIP = '[destination.drip]\nkey = "env:DRIP_KEY"\naccount_id = "1234567"\n'


def written(folder: Path, text: str) -> Path:
    (folder / "orderwire.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("sources", "said", "expected"),
    [
        ({"shop": "true"}, "", True),
        ({"shop": "false"}, "", False),
        ({"shop": "true", "till": "false"}, "", False),
        ({"shop": "false"}, "knows_newsletter = true\n", True),
    ],
    ids=["it knows", "it does not", "one of two does not", "the destination says otherwise"],
)
def test_newsletter_status_is_hinted_only_when_every_source_knows_it(
    tmp_path: Path, sources: dict[str, str], said: str, expected: bool
) -> None:
    tables = "".join(SOURCE.format(name=name, knows=knows) for name, knows in sources.items())
    settings = load(written(tmp_path, tables + DRIP + said))
    assert expected == settings.destinations["drip"].settings.account.knows_newsletter


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[destination.drip]\nkey = "env:K"\n', "destination.drip.account_id: is missing."),
        ('[destination.drip]\nkey = "s3cret"\naccount_id = "1"\n', "destination.drip.key: holds the secret itself."),
        (DRIP + 'quiet_after = "soon"\n', "destination.drip.quiet_after: is not a span of time."),
        (DRIP + 'kinds = ["custom.wish*"]\n', "destination.drip.kinds: 'custom.wish*' is not a kind of fact."),
        (DRIP + 'kinds = ["order.place"]\n', "destination.drip.kinds: 'order.place' is not a kind of fact."),
        (DRIP + "keey = 1\n", "destination.drip.keey: is not a setting. Did you mean 'key'?"),
        (DRIP + '[destination.drip.limits]\nbatch = "fast"\n', "destination.drip.limits.batch: is not a rate."),
        ('[destination.x]\nkey = "env:K"\n', "destination.x.platform: no dialect is called 'x'"),
        ('[alarms]\nsmtp = "env:S"\nmail = "ops"\n', "alarms.mail: is no e-mail address."),
        ('[alarms]\nmail_from = "ops@shop.test\\nBcc: x@mail.test"\n', "alarms.mail_from: is no e-mail address."),
        ('[server]\nmetrics = "all"\n', "server.metrics: 'all' is none of loopback, key, open, off."),
        ('[server]\ntrusted_proxies = ["proxy"]\n', "trusted_proxies: 'proxy' is no address and no network."),
        ('[server]\ntrusted_proxies = ["10.0.0.1/8"]\n', "Did you mean 10.0.0.0/8?"),
        ('[server]\ntrusted_proxies = ["2001:db8::/129"]\n', "'2001:db8::/129' is no address and no network."),
    ],
)
def test_a_wrong_setting_is_named_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(Problems) as raised:
        load(written(tmp_path, text))
    assert expected in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_proxies_are_addresses_or_networks_of_either_kind(tmp_path: Path) -> None:
    text = '[server]\ntrusted_proxies = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1"]\n'
    assert ("10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1") == load(written(tmp_path, text)).server.trusted_proxies


def test_an_empty_file_holds_no_secret(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\n", encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        secret(f"file:{tmp_path / 'key'}", "alarms.key")
    assert "alarms.key: the file" in str(raised.value)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(Problems) as raised:
        load(written(tmp_path, '[destination.drip]\nkey = "x"\nsince = 2020-01-01T00:00:00\n'))
    assert 3 == len(raised.value.problems)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["custom.wishlist"], {"custom.wishlist"}),
        (["custom.*"], {"custom"}),
        (["custom.wishlist", "order.paid"], {"custom.wishlist", "order.paid"}),
        (["person.*"], {"person.updated", "person.forgotten"}),
    ],
)
def test_a_custom_event_is_chosen_by_its_own_name(tmp_path: Path, kinds: list[str], expected: set[str]) -> None:
    settings = load(written(tmp_path, f"{DRIP}kinds = {kinds}\n"))
    assert frozenset(expected) == settings.destinations["drip"].settings.kinds
