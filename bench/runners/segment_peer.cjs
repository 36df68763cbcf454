// Segment's mapping library alone: its Klaviyo destination given batches of 1,000 events, as its own runner gives them.
//
// Usage: node segment_peer.cjs MODULES EVENTS SINK. EVENTS holds one event a line, so that reading the shop costs it
// nothing; it keeps no note of what was sent, and an error ends it.
'use strict'
const fs = require('fs')
const readline = require('readline')
const { createRequire } = require('module')

const [modules, events, sink] = process.argv.slice(2)
const load = createRequire(`${modules}/`)
const { Destination } = load('@segment/actions-core')
const klaviyo = '@segment/action-destinations/dist/destinations/klaviyo'
load(`${klaviyo}/config`).API_URL = `${sink}/api`
const destination = new Destination(load(klaviyo).default)
const settings = {
  api_key: 'pk_bench',
  subscriptions: [
    {
      partnerAction: 'trackEvent',
      subscribe: 'type = "track"',
      mapping: {
        profile: { email: { '@path': '$.properties.email' }, first_name: { '@path': '$.properties.first_name' } },
        metric_name: { '@path': '$.event' },
        properties: { OrderId: { '@path': '$.properties.order_id' }, Details: { '@path': '$.properties.details' } },
        time: { '@path': '$.timestamp' },
        value: { '@path': '$.properties.value' },
        unique_id: { '@path': '$.messageId' },
        enable_batching: true,
        batch_size: 1000
      }
    }
  ]
}

function event(row) {
  const { metric, unique_id, placed_at, ...properties } = row
  return { type: 'track', event: metric, messageId: unique_id, timestamp: placed_at, properties }
}

async function send(batch) {
  for (const result of await destination.onBatch(batch, settings)) {
    const failed = (result.multistatus || []).find((one) => one.status >= 300)
    if (failed) throw new Error(`${failed.status} ${failed.errormessage}`)
  }
}

async function main() {
  let batch = []
  for await (const line of readline.createInterface({ input: fs.createReadStream(events) })) {
    batch.push(event(JSON.parse(line)))
    if (batch.length === 1000) {
      await send(batch)
      batch = []
    }
  }
  if (batch.length) await send(batch)
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
