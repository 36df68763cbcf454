/* Orderwire's on-site script: page activity, products, carts and who it is, to the shop's own front door.
 *
 *   <script async src="https://data.shop.example/js/orderwire.js?key=ow_pub_..."></script>
 *   <script>window.orderwire = window.orderwire || []; orderwire.push(["identify", { email: "..." }]);</script>
 *
 * Attributes of the tag: data-consent="required" waits for orderwire.consent(true); data-queues="off" leaves the
 * queues of other platforms alone; data-pages="off" reports no page by itself; data-currency="EUR".
 * Nothing is stored and nothing leaves before consent, where it is required or the browser asks for privacy.
 */
(function (window, document, navigator) {
  "use strict";
  const early = window.orderwire;
  if (early && early.version) return; // loaded twice

  const tag = document.currentScript || document.querySelector('script[src*="/js/orderwire.js"]');
  if (!tag || !tag.src) return;
  const address = new URL(tag.src, document.baseURI);
  const key = address.searchParams.get("key") || tag.dataset.key || "";
  const home = address.origin + address.pathname.replace(/\/js\/orderwire\.js$/, "");
  const target = home + "/v1/records?key=" + encodeURIComponent(key);
  const usualCurrency = tag.dataset.currency || "";

  const TOGETHER = 50; // records in one request
  const MOST_KEPT = 200; // records that wait for a connection
  const MOST_SEEN = 20; // products remembered as viewed
  const MOST_WAITING = 100; // commands that wait for consent
  const BEACON_BYTES = 60000; // browsers take little more when a page is left
  const YEARS_2 = 63072000;

  /* Keeping things: the browser's storage, or memory where it is closed to us. */

  const memory = new Map();
  const store = (function () {
    try {
      const probe = "ow_probe";
      window.localStorage.setItem(probe, "1");
      window.localStorage.removeItem(probe);
      return window.localStorage;
    } catch (closed) {
      return null;
    }
  })();

  function read(name) {
    try {
      return memory.has(name) ? memory.get(name) : store ? store.getItem(name) : null;
    } catch (closed) {
      return null;
    }
  }
  function keep(name, text) {
    try {
      if (store) {
        store.setItem(name, text);
        memory.delete(name);
        return;
      }
    } catch (full) {
      /* kept in memory for this page */
    }
    memory.set(name, text);
  }
  function drop(name) {
    memory.delete(name);
    try {
      if (store) store.removeItem(name);
    } catch (closed) {
      /* nothing to do */
    }
  }
  function names(prefix) {
    const found = new Set();
    memory.forEach((_text, name) => name.startsWith(prefix) && found.add(name));
    try {
      for (let place = 0; store && place < store.length; place++) {
        if (store.key(place).startsWith(prefix)) found.add(store.key(place));
      }
    } catch (closed) {
      /* what memory holds */
    }
    return Array.from(found).sort();
  }
  function uuid() {
    if (window.crypto && window.crypto.randomUUID) return window.crypto.randomUUID();
    const bytes = window.crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /* Consent: what the page says wins; else what it requires, or what the browser asks for. */

  const isAsked = tag.dataset.consent === "required" || navigator.globalPrivacyControl === true;
  let isAllowed = read("ow_consent") === "yes" || (!isAsked && read("ow_consent") !== "no");
  let waiting = [];

  function consent(isGiven) {
    isAllowed = isGiven === true;
    if (isAllowed) {
      keep("ow_consent", "yes");
      const held = waiting;
      waiting = [];
      held.forEach((command) => run(command));
    } else {
      waiting = [];
      ["ow_device", "ow_seen", "ow_who"].concat(names("ow_out_")).forEach(drop);
      document.cookie = "ow_device=; path=/; max-age=0; samesite=lax";
      keep("ow_consent", "no");
    }
  }

  function device() {
    let id = read("ow_device");
    if (!id) {
      const cookie = document.cookie.match(/(?:^|; )ow_device=([\w-]+)/);
      id = cookie ? cookie[1] : uuid();
      keep("ow_device", id);
    }
    document.cookie = "ow_device=" + id + "; path=/; max-age=" + YEARS_2 + "; samesite=lax";
    return id;
  }

  /* The outbox: each record under a name of its own, so that two tabs never overwrite each other. A record leaves it
   * only when the server has answered for it; sent twice, it is one fact there. */

  let count = 0;
  let timer = 0;
  let failures = 0;
  let isSending = false;

  function put(record) {
    const name = "ow_out_" + Date.now().toString(36).padStart(9, "0") + (count++).toString(36).padStart(4, "0") + uuid();
    keep(name, JSON.stringify(record));
    names("ow_out_").slice(0, -MOST_KEPT).forEach(drop);
    later(300);
  }
  function later(milliseconds) {
    if (!timer) {
      timer = window.setTimeout(() => {
        timer = 0;
        send();
      }, milliseconds);
    }
  }
  function pieces(most) {
    const chosen = [];
    let size = 0;
    for (const name of names("ow_out_").slice(0, TOGETHER)) {
      const text = read(name);
      if (!text) continue;
      if (chosen.length && size + text.length * 2 > most) break;
      chosen.push({ name, text });
      size += text.length * 2;
    }
    return chosen;
  }
  function bodyOf(chosen) {
    return '{"records":[' + chosen.map((one) => one.text).join(",") + "]}";
  }
  function send() {
    if (!isAllowed || !key || isSending || navigator.onLine === false) return;
    const chosen = pieces(BEACON_BYTES);
    if (!chosen.length) return;
    isSending = true;
    // text/plain keeps the browser from asking first; the server reads JSON either way.
    const body = bodyOf(chosen);
    // What is too large for a beacon may not outlive its page either: asked to, browsers would not send it at all.
    const keepalive = new Blob([body]).size <= BEACON_BYTES;
    const request = { method: "POST", body, keepalive, mode: "cors", credentials: "omit" };
    window
      .fetch(target, request)
      .then((reply) => {
        if (reply.status === 429 || reply.status >= 500) throw new Error("busy");
        chosen.forEach((one) => drop(one.name)); // taken, or refused for good
        failures = 0;
      })
      .catch(() => {
        failures += 1;
      })
      .then(() => {
        isSending = false;
        if (names("ow_out_").length) later(failures ? Math.min(60000, 1000 * 2 ** failures) : 0);
      });
  }
  function leave() {
    if (!isAllowed || !key || !navigator.sendBeacon || navigator.onLine === false) return;
    const chosen = pieces(BEACON_BYTES);
    // What a beacon carries stays in the outbox: nobody tells whether it arrived, and twice is once.
    if (chosen.length) navigator.sendBeacon(target, bodyOf(chosen));
  }

  /* Records, in the words of the front door. */

  function text(value) {
    return value === undefined || value === null || value === "" ? undefined : String(value);
  }
  /* Of two kinds of marks the last stands before the decimals; one that comes again, or a comma before three digits at
   * the end, groups thousands. */
  function amount(value) {
    const said = String(value).replace(/\p{L}+\.?/gu, "").replace(/[^\d.,-]/g, "");
    const dots = said.split(".").length - 1;
    const commas = said.split(",").length - 1;
    const isGrouped = dots && commas ? false : dots > 1 || commas > 1 || /^-?\d{1,3},\d{3}$/.test(said);
    const isComma = said.lastIndexOf(",") > said.lastIndexOf(".");
    const groups = isGrouped ? /[.,]/g : isComma ? /\./g : /,/g;
    const found = typeof value === "number" ? value : parseFloat(said.replace(groups, "").replace(",", "."));
    return Number.isFinite(found) ? found : undefined;
  }
  function digits(currency) {
    try {
      const style = { style: "currency", currency };
      return new Intl.NumberFormat("en", style).resolvedOptions().maximumFractionDigits;
    } catch (unknown) {
      return 2;
    }
  }
  function minor(value, currency) {
    return Math.round((value || 0) * 10 ** digits(currency));
  }
  function plain(value, depth) {
    if (value === null || ["string", "number", "boolean"].includes(typeof value)) {
      return typeof value === "number" && !Number.isFinite(value) ? null : value;
    }
    if (typeof value !== "object" || (depth || 0) > 4) return undefined;
    if (value instanceof Date) return value.toISOString();
    if (Array.isArray(value)) return value.slice(0, 100).map((one) => plain(one, (depth || 0) + 1) ?? null);
    const made = {};
    Object.keys(value).forEach((name) => {
      const found = plain(value[name], (depth || 0) + 1);
      if (found !== undefined) made[name] = found;
    });
    return made;
  }
  function happened(name, properties, value, currency) {
    const record = {
      type: "event",
      event_id: uuid(),
      name,
      identity: { anonymous_id: device() },
      occurred_at: new Date().toISOString(),
      properties: plain(properties) || {},
    };
    const worth = amount(value);
    if (worth !== undefined && currency) {
      record.value = minor(worth, currency);
      record.currency = currency;
    }
    put(record);
  }
  function whereabouts() {
    const said = { url: window.location.href, title: document.title, referrer: document.referrer || undefined };
    new URLSearchParams(window.location.search).forEach((value, name) => {
      if (/^utm_(source|medium|campaign|term|content)$/.test(name)) said[name] = value;
    });
    return said;
  }

  const commands = {
    page() {
      happened("site.active", whereabouts());
    },
    viewed(product) {
      if (!product || !text(product.product_id)) return;
      const said = Object.assign({ url: window.location.href }, product, { product_id: text(product.product_id) });
      const currency = product.currency || usualCurrency;
      if (currency) said.currency = currency;
      const seen = recentlyViewed().filter((one) => one.product_id !== said.product_id);
      keep("ow_seen", JSON.stringify([plain(said)].concat(seen).slice(0, MOST_SEEN)));
      happened("product.viewed", said, product.price, currency);
    },
    cart(cart, isCheckout) {
      const currency = (cart && cart.currency) || usualCurrency;
      if (!cart || !currency || !Array.isArray(cart.lines)) return;
      const now = new Date().toISOString();
      const lines = cart.lines.map((line, place) => lineOf(line, place, currency));
      const given = amount(cart.total);
      const record = {
        type: "cart",
        cart_id: text(cart.cart_id) || "device-" + device(),
        identity: { anonymous_id: device() },
        currency,
        total: given === undefined ? lines.reduce((sum, line) => sum + line.total, 0) : minor(given, currency),
        updated_at: now,
        lines,
        url: text(cart.url),
      };
      if (isCheckout) record.checkout_started_at = now;
      put(record);
    },
    checkout(cart) {
      commands.cart(cart, true);
    },
    identify(person) {
      const who = person || {};
      const identity = {
        anonymous_id: device(),
        email: text(who.email),
        phone: text(who.phone),
        external_id: text(who.external_id),
      };
      if (!identity.email && !identity.phone && !identity.external_id) return;
      const record = { type: "person", identity, first_name: text(who.first_name), last_name: text(who.last_name) };
      const said = JSON.stringify(record);
      if (read("ow_who") === digest(said)) return; // themes say it on every page
      keep("ow_who", digest(said));
      put(record);
    },
    track(name, properties, value, currency) {
      if (text(name)) happened("custom." + name, properties, value, currency || usualCurrency);
    },
    consent,
    reset() {
      ["ow_device", "ow_who", "ow_seen"].forEach(drop);
      document.cookie = "ow_device=; path=/; max-age=0; samesite=lax";
    },
  };

  function lineOf(line, place, currency) {
    const quantity = amount(line.quantity);
    const price = amount(line.price);
    const each = price === undefined ? 0 : price;
    const many = quantity === undefined ? 1 : quantity;
    const whole = minor(each * many, currency);
    return {
      line_id: text(line.line_id) || text(line.variant_id) || text(line.product_id) || String(place + 1),
      name: text(line.name) || text(line.product_id) || "?",
      quantity: String(many),
      product_id: text(line.product_id),
      variant_id: text(line.variant_id),
      sku: text(line.sku),
      unit_price: price === undefined ? undefined : String(price),
      subtotal: whole,
      total: whole,
      url: text(line.url),
      image_url: text(line.image_url),
    };
  }
  function digest(said) {
    let hash = 2166136261;
    for (let place = 0; place < said.length; place++) hash = Math.imul(hash ^ said.charCodeAt(place), 16777619);
    return (hash >>> 0).toString(36);
  }
  function recentlyViewed() {
    try {
      const seen = JSON.parse(read("ow_seen") || "[]");
      return Array.isArray(seen) ? seen : [];
    } catch (broken) {
      return [];
    }
  }

  /* Commands: from the page, from the queue that was there before us, from the other platforms' queues. */

  function run(command) {
    const list = Array.from(command || []);
    const name = list.shift();
    if (!Object.prototype.hasOwnProperty.call(commands, name)) return;
    if (!isAllowed && name !== "consent") {
      waiting.push([name].concat(list));
      waiting = waiting.slice(-MOST_WAITING);
      return;
    }
    try {
      commands[name].apply(null, list);
    } catch (fault) {
      if (window.console) window.console.warn("orderwire: " + name + " failed", fault);
    }
  }

  const api = { version: "1", recentlyViewed, push() {
    Array.from(arguments).forEach(run);
    return arguments.length;
  } };
  Object.keys(commands).forEach((name) => {
    api[name] = function () {
      run([name].concat(Array.from(arguments)));
    };
  });
  window.orderwire = api;
  if (Array.isArray(early)) early.forEach(run);

  if (tag.dataset.queues !== "off" && window.orderwireQueues) window.orderwireQueues(api, { text, amount });

  if (tag.dataset.pages !== "off") {
    let last = "";
    const look = () => {
      if (last !== window.location.href) run(["page"]);
      last = window.location.href;
    };
    ["pushState", "replaceState"].forEach((name) => {
      const usual = window.history[name];
      window.history[name] = function () {
        const result = usual.apply(this, arguments);
        window.setTimeout(look, 0);
        return result;
      };
    });
    window.addEventListener("popstate", look);
    look();
  }
  window.addEventListener("online", () => later(0));
  window.addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());
  later(0);
})(window, document, navigator);
