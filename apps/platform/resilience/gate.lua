-- A provider's gate in Valkey: breaker state (KEYS[1], JSON) and slots in use (KEYS[2], sorted set of
-- leases by their end). One call is one step, so that all workers see the same gate.
--
-- ARGV: operation, settings as JSON, then
--   permit  wanted, lease prefix                  hand out slots to as many calls as may start
--   settle  successes, failures, period, lease…   take in outcomes, give the slots back
--   adopt   state as JSON                         go on with an outage seen while Valkey was away
--   look                                          change nothing
-- Returns: granted, time in ms, slots in use, transition or "", state as JSON.
--
-- The time is the server's, so that workers whose clocks differ agree. The breaker's arithmetic is
-- that of breaker.py.

local DAY_MS = 86400000
local STATUSES = { closed = true, open = true, half_open = true }
local operation = ARGV[1]
local settings = cjson.decode(ARGV[2])
local time = redis.call('TIME')
local at_ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function state_of(status, period)
  return {
    status = status, period = period, since_ms = at_ms, outcomes = '', open_until_ms = 0,
    trials_started = 0, trials_succeeded = 0, trials_until_ms = 0,
  }
end

local function load()
  local text = redis.call('GET', KEYS[1])
  if text then
    local is_json, state = pcall(cjson.decode, text)
    if is_json and type(state) == 'table' and STATUSES[state.status] then return state end
  end
  local fresh = state_of('closed', 0)
  fresh.since_ms = 0
  return fresh
end

local function save(state)
  redis.call('SET', KEYS[1], cjson.encode(state), 'PX', DAY_MS)
end

local function opened(state)
  local open = state_of('open', state.period + 1)
  open.open_until_ms = at_ms + settings.open_ms
  return open
end

local function slots_in_use()
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', at_ms)
  return redis.call('ZCARD', KEYS[2])
end

local function admit(state, wanted)
  if wanted < 1 then return state, 0 end
  local waited_out = state.status == 'open' and at_ms >= state.open_until_ms
  local trials_lost = state.status == 'half_open'
    and state.trials_started >= settings.trial_calls and at_ms >= state.trials_until_ms
  if waited_out or trials_lost then
    state = state_of('half_open', state.period + 1)
    save(state)
  end
  if state.status == 'closed' then return state, wanted end
  if state.status == 'open' then return state, 0 end
  local granted = math.min(wanted, settings.trial_calls - state.trials_started)
  if granted <= 0 then return state, 0 end
  state.trials_started = state.trials_started + granted
  state.trials_until_ms = at_ms + settings.trial_ms
  save(state)
  return state, granted
end

local function is_too_bad(outcomes)
  if string.sub(outcomes, -settings.failures_in_a_row) == string.rep('F', settings.failures_in_a_row) then
    return true
  end
  local _, failures = string.gsub(outcomes, 'F', '')
  return #outcomes >= settings.window_calls
    and 100 * failures >= settings.failure_percent * settings.window_calls
end

local function settle_closed(state, successes, failures)
  local total = successes + failures
  for i = 0, total - 1 do
    local is_failure = math.floor((i + 1) * failures / total) > math.floor(i * failures / total)
    state.outcomes = string.sub(state.outcomes .. (is_failure and 'F' or 'S'), -settings.window_calls)
    if is_too_bad(state.outcomes) then return opened(state), 'opened' end
  end
  return state, ''
end

local function settle_trials(state, successes, failures, unused)
  if failures > 0 then return opened(state), 'opened' end
  local succeeded = state.trials_succeeded + successes
  if succeeded >= settings.trial_calls then return state_of('closed', state.period + 1), 'closed' end
  state.trials_started = math.max(state.trials_started - unused, succeeded)
  state.trials_succeeded = succeeded
  return state, ''
end

local function settle(state, successes, failures, period, unused)
  if state.status == 'open' or (period >= 0 and period ~= state.period) then return state, '' end
  local transition
  if state.status == 'closed' then
    if successes + failures == 0 then return state, '' end
    state, transition = settle_closed(state, successes, failures)
  else
    state, transition = settle_trials(state, successes, failures, unused)
  end
  save(state)
  return state, transition
end

local state = load()
local granted, transition = 0, ''

if operation == 'permit' then
  local free = math.max(0, settings.concurrent_calls - slots_in_use())
  local before = state.status
  state, granted = admit(state, math.min(tonumber(ARGV[3]), free))
  if before == 'open' and state.status == 'half_open' then transition = 'half_opened' end
  for i = 1, granted do
    redis.call('ZADD', KEYS[2], at_ms + settings.lease_ms, ARGV[4] .. i)
  end
  if granted > 0 then redis.call('PEXPIRE', KEYS[2], settings.lease_ms) end
elseif operation == 'settle' then
  local successes, failures, period = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
  local leases = #ARGV - 5
  if leases > 0 then redis.call('ZREM', KEYS[2], unpack(ARGV, 6)) end
  local unused = math.max(0, leases - successes - failures)
  state, transition = settle(state, successes, failures, period, unused)
elseif operation == 'adopt' then
  if state.status == 'closed' then
    local seen = cjson.decode(ARGV[3])
    seen.period = math.max(seen.period, state.period) + 1
    state = seen
    save(state)
  end
end

return { granted, at_ms, slots_in_use(), transition, cjson.encode(state) }
