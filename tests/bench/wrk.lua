-- TextLink's webhooks for wrk, like those of webhooks.py: 10,000 contacts, each text and time its own.
-- Arguments: the run's number, the secret, the first time in milliseconds, how many to make before the clock starts:
-- made while it runs, they would take a tenth of the machine from the server that is measured.
local words = {"yes", "no", "the", "job", "is", "still", "open", "see", "you", "at", "five", "please", "call", "me"}
local number, made, run, secret, first = 0, {}, 0, "", 0

local function text()
  local chosen = {}
  for i = 1, 8 do chosen[i] = words[math.random(#words)] end
  return table.concat(chosen, " ") .. " " .. run .. "-" .. number
end

local function webhook()
  number = number + 1
  local about = string.format('{"secret": "%s", "phone_number": "+1303555%04d", "timestamp": %.0f, ',
    secret, math.random(0, 9999), first + run * 10000000 + number)
  local chance = math.random(100)
  if chance <= 70 then
    return wrk.format("POST", "/webhooks/textlink/received", nil,
      about .. '"text": "' .. text() .. '", "tag": "Warm", "name": "Dana Reyes"}')
  elseif chance <= 95 then
    return wrk.format("POST", "/webhooks/textlink/sent", nil,
      about .. '"text": "' .. text() .. '", "portal": true, "sim_card_id": 123}')
  end
  return wrk.format("POST", "/webhooks/textlink/tag", nil,
    about .. '"name": "Dana Reyes", "tag": "tag ' .. number % 50 .. '", "subuser_id": 6}')
end

function init(args)
  run, secret, first = tonumber(args[1]), args[2], tonumber(args[3])
  math.randomseed(run)
  for i = 1, tonumber(args[4]) do made[i] = webhook() end
end

local sent = 0
function request()
  sent = sent + 1
  return made[sent] or webhook()
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
