"""The script that a page carries to report what is looked at, in the calls that shops' themes make."""

from __future__ import annotations

import msgspec

_SNIPPET = """<script>
(function (w, d) {
  var address = ADDRESS, site = SITE, who = {};
  function visitor() {
    var found = /(?:^|;\\s*)sc=([^;]+)/.exec(d.cookie);
    if (found) { return decodeURIComponent(found[1]); }
    var bytes = w.crypto.getRandomValues(new Uint8Array(16)), made = "";
    for (var i = 0; i < bytes.length; i++) { made += ("0" + bytes[i].toString(16)).slice(-2); }
    d.cookie = "sc=" + made + ";path=/;max-age=63072000;samesite=lax";
    return made;
  }
  function send(name, payload) {
    var general = {eventName: name, siteId: site, datetime: Date.now(), cookies: {sc: visitor()}}, key;
    if (name === "CustomerData") { who = (payload && payload.CustomerData) || payload || {}; }
    for (key in who) { general[key] = who[key]; }
    var body = {GeneralInfo: general};
    for (key in payload || {}) { body[key] = payload[key]; }
    w.fetch(address, {method: "POST", body: JSON.stringify(body), keepalive: true, mode: "no-cors"});
  }
  function call(args) {
    if (args[0] === "sendEvent" || args[0] === "sendEventWithTags") { send(args[1], args[2]); }
  }
  var waiting = (w.eS && w.eS.q) || [];
  w.eS = function () { call(arguments); };
  for (var i = 0; i < waiting.length; i++) { call(waiting[i]); }
})(window, document);
</script>
"""


def snippet(address: str, site: str) -> str:
    """The script for one site, reporting to one address."""
    told = _SNIPPET.replace("ADDRESS", _quoted(address), 1)
    return told.replace("SITE", _quoted(site), 1)


def _quoted(value: str) -> str:
    """A text as a script inside a page may hold it."""
    return msgspec.json.encode(value).decode().replace("<", "\\u003c")
