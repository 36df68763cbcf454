/* The commands that themes already contain for other platforms, read beside those platforms' own scripts or in
 * place of them: each queue is watched, every command is understood once and goes on to whoever else takes it.
 * Orders are left out: no browser states an order.
 */
(function (window) {
  "use strict";

  window.orderwireQueues = function (api, as) {
    const { text, amount } = as;
    const known = new WeakSet();

    function once(command, handle) {
      if (command && typeof command === "object") {
        if (known.has(command)) return;
        known.add(command);
      }
      try {
        handle(command);
      } catch (fault) {
        if (window.console) window.console.warn("orderwire: a command was not understood", fault);
      }
    }

    /* Watches a queue, also when the platform's own script puts another object in its place. */
    function watch(name, handle) {
      let current;
      const watched = new WeakSet();
      function wrapped(queue) {
        if (!queue || typeof queue !== "object" || typeof queue.push !== "function" || watched.has(queue)) return queue;
        watched.add(queue);
        if (Array.isArray(queue)) queue.slice().forEach((command) => once(command, handle));
        const push = queue.push;
        queue.push = function () {
          Array.from(arguments).forEach((command) => once(command, handle));
          return push.apply(queue, arguments);
        };
        return queue;
      }
      current = wrapped(window[name] || []);
      try {
        Object.defineProperty(window, name, {
          configurable: true,
          get: () => current,
          set: (next) => {
            current = wrapped(next);
          },
        });
      } catch (fixed) {
        window[name] = current;
      }
    }

    function any(object) {
      for (let place = 1; place < arguments.length; place++) {
        const found = object ? object[arguments[place]] : undefined;
        if (found !== undefined && found !== null && found !== "") return found;
      }
      return undefined;
    }
    function rest(list) {
      const callback = list.find((one) => typeof one === "function");
      return { values: list.filter((one) => typeof one !== "function"), callback };
    }
    /* Whole numbers are cents where the platform's plugins send them so. */
    function fromCents(value) {
      const found = amount(value);
      return found === undefined || !/^\d+$/.test(String(value)) ? found : found / 100;
    }

    /* Klaviyo: _learnq and klaviyo.push(["track", name, properties]); klaviyo.track(name, properties, callback). */

    function klaviyoPerson(given) {
      api.identify({
        email: any(given, "$email", "email"),
        phone: any(given, "$phone_number", "phone_number"),
        external_id: any(given, "$id", "external_id"),
        first_name: any(given, "$first_name", "first_name"),
        last_name: any(given, "$last_name", "last_name"),
      });
    }
    function klaviyoProduct(given) {
      return {
        product_id: any(given, "ProductID", "ItemId", "id"),
        variant_id: any(given, "VariantID"),
        name: any(given, "ProductName", "Title", "Name"),
        sku: any(given, "SKU"),
        categories: any(given, "Categories"),
        image_url: any(given, "ImageURL", "ImageUrl"),
        url: any(given, "URL", "Url"),
        brand: any(given, "Brand"),
        price: any(given, "Price"),
        compare_at_price: any(given, "CompareAtPrice"),
        currency: any(given, "$currency_code", "Currency", "value_currency"),
      };
    }
    function klaviyoCart(given) {
      const lines = any(given, "Items", "items") || [];
      return {
        cart_id: any(given, "CartId", "$event_id"),
        currency: any(given, "$currency_code", "Currency", "value_currency"),
        total: any(given, "$value", "value"),
        url: any(given, "CheckoutURL"),
        lines: lines.map((line) => ({
          product_id: any(line, "ProductID"),
          variant_id: any(line, "VariantID"),
          sku: any(line, "SKU"),
          name: any(line, "ProductName"),
          quantity: any(line, "Quantity"),
          price: any(line, "ItemPrice"),
          url: any(line, "ProductURL"),
          image_url: any(line, "ImageURL"),
        })),
      };
    }
    function klaviyo(command) {
      const { values, callback } = rest(Array.from(command));
      const [method, first, second] = values;
      const name = String(first || "");
      if (method === "identify") klaviyoPerson(first);
      else if (method === "trackViewedItem") {
        /* "Viewed Product" says the same, with more; the item alone tells nothing new. */
      } else if (method === "track") {
        if (name === "Viewed Product") api.viewed(klaviyoProduct(second));
        else if (name === "Added to Cart") api.cart(klaviyoCart(second));
        else if (name === "Started Checkout") api.checkout(klaviyoCart(second));
        else if (name === "__activity__" || name === "Active on Site") api.page();
        else if (name && !/^(Placed Order|Ordered Product)$/.test(name)) api.track(name, second);
      }
      if (callback) callback(true);
    }
    watch("_learnq", klaviyo);
    watch("_klOnsite", klaviyo);
    if (Array.isArray(window.klaviyo) && !Object.prototype.hasOwnProperty.call(window.klaviyo, "push")) {
      watch("klaviyo", klaviyo);
    }
    if (!window.klaviyo) {
      window.klaviyo = { push: (command) => window._klOnsite.push(command) };
      ["identify", "track", "trackViewedItem", "account", "isIdentified", "openForm"].forEach((method) => {
        window.klaviyo[method] = (...given) =>
          new Promise((resolve) => {
            const { values, callback } = rest(given);
            window._klOnsite.push([method, ...values, (result) => {
              if (callback) callback(result);
              resolve(result);
            }]);
          });
      });
    }

    /* Drip: _dcq.push(["track", action, properties]), ["identify", fields]. */

    function drip(command) {
      const [method, first, second] = Array.from(command);
      if (method === "identify" && first) {
        const id = any(first, "user_id");
        api.identify({ email: any(first, "email"), external_id: id, first_name: first.first_name, last_name: first.last_name });
        if (typeof first.success === "function" && !window._dcfg) first.success({ success: true });
      } else if (method === "track" && first) {
        if (/^viewed a product$/i.test(first)) {
          api.viewed({
            product_id: any(second, "product_id"),
            variant_id: any(second, "product_variant_id"),
            sku: any(second, "sku"),
            name: any(second, "name"),
            brand: any(second, "brand"),
            categories: any(second, "categories"),
            price: fromCents(any(second, "price")),
            currency: any(second, "currency"),
            url: any(second, "product_url"),
            image_url: any(second, "image_url"),
          });
        } else api.track(String(first), second);
      }
    }
    watch("_dcq", drip);

    /* Omnisend: omnisend.push(["track", name, data]); omnisend.identifyContact({email, phone}). */

    function omnisendCart(given) {
      return {
        cart_id: any(given, "cartID"),
        currency: any(given, "currency"),
        total: any(given, "value"),
        url: any(given, "abandonedCheckoutURL"),
        lines: (any(given, "lineItems") || []).map((line) => ({
          product_id: any(line, "productID"),
          variant_id: any(line, "productVariantID"),
          sku: any(line, "productSKU"),
          name: any(line, "productTitle"),
          quantity: any(line, "productQuantity"),
          price: any(line, "productPrice"),
          url: any(line, "productURL"),
          image_url: any(line, "productImageURL"),
        })),
      };
    }
    function omnisendOld(given) {
      return {
        product_id: any(given, "$productID"),
        variant_id: any(given, "$variantID"),
        name: any(given, "$title"),
        price: fromCents(any(given, "$price")),
        compare_at_price: fromCents(any(given, "$oldPrice")),
        currency: any(given, "$currency"),
        image_url: any(given, "$imageUrl"),
        url: any(given, "$productUrl"),
        brand: any(given, "$vendor"),
      };
    }
    function omnisend(command) {
      const [method, name, given] = Array.from(command);
      if (method !== "track" || !name) return;
      const properties = (given && given.properties) || {};
      if (given && given.contact) api.identify({ email: given.contact.email, phone: given.contact.phone });
      if (name === "$pageViewed" || name === "viewed page") api.page();
      else if (name === "$productViewed") api.viewed(omnisendOld(given));
      else if (name === "viewed product") {
        const product = properties.product || properties;
        api.viewed({
          product_id: any(product, "id", "productID"),
          variant_id: any(product, "variantID", "productVariantID"),
          name: any(product, "title", "productTitle"),
          price: any(product, "price", "productPrice"),
          currency: any(product, "currency") || any(properties, "currency"),
          url: any(product, "url", "productURL"),
          image_url: any(product, "imageUrl", "imageURL", "productImageURL"),
        });
      } else if (name === "added product to cart") api.cart(omnisendCart(properties));
      else if (name === "started checkout") api.checkout(omnisendCart(properties));
      else if (!/order/.test(name)) api.track(name, properties);
      const callbacks = given && given.callbacks;
      if (callbacks && typeof callbacks.onSuccess === "function") callbacks.onSuccess();
    }
    watch("omnisend", omnisend);
    if (window.omnisend && !window.omnisend.identifyContact) {
      window.omnisend.identifyContact = (contact) => api.identify({ email: contact.email, phone: contact.phone });
    }

    /* Yespo: eS("sendEvent", name, data); the stub keeps calls in eS.q. */

    function yespoLine(line) {
      return {
        product_id: any(line, "productKey", "product_id"),
        price: any(line, "price", "unit_price"),
        quantity: any(line, "quantity"),
      };
    }
    function yespo(command) {
      // The stub may keep the call's arguments inside its own.
      const inside = command.length === 1 && typeof command[0] === "object" ? command[0] : command;
      const [method, name, given] = Array.from(inside);
      if (!/^sendEvent/.test(String(method)) || !name) return;
      const inner = (given && given[name]) || given || {};
      const currency = any(given, "currency") || any(Array.isArray(inner) ? inner[0] : inner, "currency");
      if (name === "ProductPage") {
        const product = inner.Product || inner;
        api.viewed({ product_id: any(product, "productKey"), price: any(product, "price"), currency });
      } else if (name === "StatusCart") {
        const lines = Array.isArray(inner) ? inner : any(inner, "Products") || [];
        api.cart({ cart_id: any(given, "GUID") || any(inner, "GUID"), currency, lines: lines.map(yespoLine) });
      } else if (name === "CustomerData") {
        const person = inner.CustomerData || inner;
        api.identify({
          email: any(person, "user_email", "email"),
          phone: any(person, "user_phone", "phone"),
          external_id: any(person, "externalCustomerId"),
        });
      } else if (/^(MainPage|CategoryPage|NotFound|StatusCartPage)$/.test(name)) api.page();
      else if (name !== "PurchasedItems") api.track(name, inner);
    }
    if (typeof window.eS === "function") {
      const stub = window.eS;
      (stub.q || []).forEach((command) => once(command, yespo));
      const take = stub.c;
      if (typeof take === "function") {
        stub.c = function (command) {
          once(command, yespo);
          return take.apply(stub, arguments);
        };
      } else {
        window.eS = function () {
          once(arguments, yespo);
          return stub.apply(this, arguments);
        };
      }
    } else {
      window.eS = function () {
        once(arguments, yespo);
      };
    }

    /* Ometria: calls on the object itself. Its real script, when there, goes on beside us. */

    const basket = (given) => ({
      cart_id: any(given, "id"),
      total: any(given, "total"),
      currency: any(given, "currency", "cur"),
      url: any(given, "url"),
      lines: (any(given, "items", "lis") || []).map((line) => ({
        product_id: any(line, "pid"),
        variant_id: any(line, "vid"),
        quantity: any(line, "q"),
        price: amount(line.tot) === undefined ? undefined : amount(line.tot) / (amount(line.q) || 1),
      })),
    });
    function Basket() {
      const made = { items: [] };
      Object.assign(made, {
        setId: (id) => (made.id = id),
        setTotal: (total, currency) => Object.assign(made, { total, currency }),
        setUrl: (url) => (made.url = url),
        setURL: (url) => (made.url = url),
        setProperties: (properties) => (made.properties = properties),
        addLineItem: (pid, q, tot, more) => made.items.push({ pid, q, tot, vid: typeof more === "string" ? more : undefined }),
      });
      return made;
    }
    const ometria = {
      init: (type, data) => type === "product" && data && api.viewed({ product_id: any(data, "pid", "product_id", "id") }),
      identify: (who) => (/@/.test(String(who)) ? api.identify({ email: text(who) }) : undefined),
      setBasket: (given) => api.cart(basket(given || {})),
      trackAddToBasket: (pid, quantity) => api.track("added to basket", { product_id: pid, quantity }),
      trackCheckout: (stage) => api.track("checkout", { stage }),
      trackTransaction: () => undefined,
      viewProduct: (pid) => api.viewed({ product_id: pid }),
      pageview: () => api.page(),
      track: (name, data) => api.track(String(name), data),
      setProfileData: () => undefined,
      setPageType: () => undefined,
      setPageData: () => undefined,
      observeEmailInputs: () => undefined,
    };
    const real = (window.ometria = window.ometria || {});
    Object.keys(ometria).forEach((method) => {
      const theirs = real[method];
      real[method] = function () {
        const given = Array.from(arguments);
        once(given, () => ometria[method].apply(null, given));
        return typeof theirs === "function" ? theirs.apply(real, given) : undefined;
      };
    });
    real.Basket = real.Basket || Basket;
  };
})(window);
