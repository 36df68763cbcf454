// Drip's own `drip-nodejs` at the front door.
'use strict';

const path = require('path');

const house = JSON.parse(process.argv[2]);
const modules = process.argv[3];
require(path.join(modules, 'drip-nodejs', 'lib', 'helpers')).baseUrl = `${house.url}/`;
const client = require(path.join(modules, 'drip-nodejs'))({ token: house.key, accountId: house.account });

const tell = (name, wrong) => process.stdout.write(`${JSON.stringify({ call: name, wrong: wrong.slice(0, 600) })}\n`);

async function call(name, make, show, expected) {
  try {
    const answer = await make();
    const [got, wanted] = [JSON.stringify(show(answer)), JSON.stringify(expected)];
    tell(name, got === wanted ? '' : `expected ${wanted}, got ${got}`);
    return answer;
  } catch (error) {
    tell(name, `${error.message} ${error.response ? JSON.stringify(error.response.data) : ''}`);
    return undefined;
  }
}

const status = (answer) => answer.status;
const items = [{ product_id: 'P1', product_variant_id: 'V1', sku: 'MUG-B', name: 'Mug', price: 12.5, quantity: 2, total: 25 }];
const order = { provider: 'shop', email: 'ana@mail.test', order_id: '1001', grand_total: 25, currency: 'EUR', items };

async function people() {
  await call('listAccounts', () => client.listAccounts(), (a) => a.data.accounts.map((one) => one.id), [house.account]);
  await call('fetchAccount', () => client.fetchAccount(house.account), (a) => a.data.accounts[0].id, house.account);
  await call('fetchUser', () => client.fetchUser(), status, 200);
  const ana = { email: 'ana@mail.test', first_name: 'Ana', status: 'active', custom_fields: { size: 'M' } };
  await call('createUpdateSubscriber', () => client.createUpdateSubscriber(ana), (a) => a.data.subscribers[0].status, 'active');
  await call('fetchSubscriber', () => client.fetchSubscriber('ana@mail.test'), (a) => a.data.subscribers[0].first_name, 'Ana');
  await call('listSubscribers', () => client.listSubscribers({ status: 'all' }), (a) => a.data.subscribers.length, 1);
  const batch = { batches: [{ subscribers: [{ email: 'bo@mail.test', status: 'active' }, { email: 'cy@mail.test' }] }] };
  await call('updateBatchSubscribers', () => new Promise((resolve, reject) => {
    client.updateBatchSubscribers(batch, (errors, answers) => (errors ? reject(errors[0]) : resolve(answers[0])));
  }), status, 201);
  await call('unsubscribeFromAllMailings', () => client.unsubscribeFromAllMailings('bo@mail.test'), (a) => a.data.subscribers[0].status, 'unsubscribed');
  await call('unsubscribeBatchSubscribers', () => client.unsubscribeBatchSubscribers([{ email: 'cy@mail.test' }]), status, 204);
  await call('tagSubscriber', () => client.tagSubscriber({ email: 'ana@mail.test', tag: 'likes mugs' }), status, 201);
  await call('listAllTags', () => client.listAllTags(), (a) => a.data.tags, ['likes mugs']);
  await call('removeSubscriberTag', () => client.removeSubscriberTag('ana@mail.test', 'likes mugs'), status, 204);
  await call('listAllCustomFields', () => client.listAllCustomFields(), (a) => a.data.custom_field_identifiers.includes('size'), true);
  await call('unsubscribeFromCampaign', () => client.unsubscribeFromCampaign('cy@mail.test'), (a) => a.data.subscribers[0].status, 'unsubscribed');
}

async function activity() {
  const event = { email: 'ana@mail.test', action: 'Logged in', occurred_at: '2026-01-30T08:00:00Z' };
  await call('recordEvent', () => client.recordEvent(event), status, 204);
  await call('recordBatchEvents', () => client.recordBatchEvents([{ ...event, action: 'Wished' }]), status, 201);
  await call('listEventActions', () => client.listEventActions(), (a) => a.data.event_actions.filter((one) => one === 'Wished'), ['Wished']);
  const cart = { provider: 'shop', email: 'ana@mail.test', action: 'created', cart_id: 'c1', cart_url: 'https://shop.test/cart', grand_total: 25, currency: 'EUR', items, occurred_at: '2026-02-01T09:00:00Z' };
  await call('createUpdateCartActivity', () => client.createUpdateCartActivity(cart), status, 202);
  await call('createUpdateOrderActivity placed', () => client.createUpdateOrderActivity({ ...order, action: 'placed', occurred_at: '2026-02-01T10:00:00Z' }), status, 202);
  await call('createUpdateOrderActivity canceled', () => client.createUpdateOrderActivity({ ...order, action: 'canceled', occurred_at: '2026-02-02T10:00:00Z' }), status, 202);
  const product = { provider: 'shop', action: 'created', product_id: 'P1', product_variant_id: 'V1', name: 'Mug', price: 12.5, currency: 'EUR', occurred_at: '2026-01-01T00:00:00Z' };
  await call('createUpdateProductActivity', () => client.createUpdateProductActivity(product), status, 202);
  const old = { email: 'ana@mail.test', provider: 'shop', upstream_id: '900', identifier: '#900', amount: 1749, currency_code: 'EUR', occurred_at: '2025-01-01T00:00:00Z' };
  await call('createUpdateOrder', () => client.createUpdateOrder(old), status, 202);
  await call('createUpdateBatchOrders', () => client.createUpdateBatchOrders([{ ...old, upstream_id: '901', identifier: '#901' }]), status, 202);
  await call('createUpdateRefund', () => client.createUpdateRefund({ provider: 'shop', order_upstream_id: '900', amount: 749, upstream_id: 'r1', processed_at: '2025-01-05T00:00:00Z' }), status, 202);
}

async function rest() {
  const hook = await call('createWebhook', () => client.createWebhook({ post_url: 'https://shop.test/hook' }), status, 201);
  const id = hook && hook.data.webhooks[0].id;
  await call('listWebhooks', () => client.listWebhooks(), (a) => a.data.webhooks.length, 1);
  await call('fetchWebhook', () => client.fetchWebhook(id), (a) => a.data.webhooks[0].id, id);
  await call('destroyWebhook', () => client.destroyWebhook(id), status, 204);
  for (const [name, key] of [['listCampaigns', 'campaigns'], ['listBroadcasts', 'broadcasts'], ['listAllWorkflows', 'workflows'], ['listForms', 'forms'], ['listConversions', 'goals']]) {
    await call(name, () => client[name](...(name === 'listForms' ? [] : [{}])), (a) => a.data[key], []);
  }
  await call('deleteSubscriber', () => client.deleteSubscriber('cy@mail.test'), status, 204);
}

people().then(activity).then(rest);
