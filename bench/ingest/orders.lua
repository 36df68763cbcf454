-- Orders for wrk: each with an id of its own, two lines, one of 50,000 people; BATCH of them in one request.
local key = os.getenv("BENCH_KEY")
local batch = tonumber(os.getenv("BENCH_BATCH") or "1")
local first = tonumber(os.getenv("BENCH_FIRST") or "0")
local count = 0
local headers = { ["authorization"] = "Bearer " .. key, ["content-type"] = "application/json" }
local shape = '{%s"order_id":"%d","currency":"EUR","placed_at":"2026-03-01T12:00:00Z","total":4598,'
  .. '"identity":{"email":"p%d@mail.test"},"lines":[{"line_id":"1","name":"Cup","sku":"A%d","quantity":2,'
  .. '"unit_price":"19.99","subtotal":3998,"total":3998},{"line_id":"2","name":"Jug","sku":"B%d","quantity":1,'
  .. '"unit_price":"6.00","subtotal":600,"total":600}]}'

local function order(kind)
  count = count + 1
  local id = first + count
  return string.format(shape, kind, id, id % 50000, id % 500, id % 300)
end

request = function()
  if batch == 1 then
    return wrk.format("POST", "/v1/orders", headers, order(""))
  end
  local many = {}
  for place = 1, batch do many[place] = order('"type":"order",') end
  return wrk.format("POST", "/v1/records", headers, '{"records":[' .. table.concat(many, ",") .. "]}")
end

done = function(summary, latency)
  io.write(string.format(
    'BENCH {"requests":%d,"micros":%d,"errors":%d,"p50":%.3f,"p99":%.3f}\n',
    summary.requests, summary.duration,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
