/**
 * Takes the next place at a host. The bucket is kept as the time at which it would be full again, so that a place is
 * one number and nobody has to ask twice. ARGV: now or "" for the clock of Redis, time between two places, time that may
 * be made up for, this machine, all in milliseconds. Answers how long to wait, the epoch, what is left of a pause, and
 * how many machines asked within a minute.
 */
export const takePlace = `
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call("TIME")
  now = time[1] * 1000 + time[2] / 1000
end
local between, slack = tonumber(ARGV[2]), tonumber(ARGV[3])
local known = redis.call("HMGET", KEYS[1], "full", "until", "epoch")
local full = math.max(tonumber(known[1]) or 0, now)
local rest = math.max(0, (tonumber(known[2]) or 0) - now)
if rest > 0 then full = math.max(full, now + rest + slack) end
redis.call("HSET", KEYS[1], "full", string.format("%.3f", full + between))
redis.call("PEXPIRE", KEYS[1], 3600000)
redis.call("ZADD", KEYS[2], now, ARGV[4])
redis.call("ZREMRANGEBYSCORE", KEYS[2], "-inf", now - 60000)
redis.call("PEXPIRE", KEYS[2], 60000)
return { string.format("%.3f", math.max(0, full - slack - now)), known[3] or "0", string.format("%.0f", rest),
  redis.call("ZCARD", KEYS[2]) }
`;

/**
 * Pauses a host for everybody. A refusal of a request that had started before the last one is no news. ARGV: now or "",
 * the epoch it started in, the pause it asks for or "", the first pause of our own, the longest of our own.
 */
export const pauseHost = `
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call("TIME")
  now = time[1] * 1000 + time[2] / 1000
end
local known = redis.call("HMGET", KEYS[1], "until", "epoch", "strikes")
local isNews = (known[2] or "0") == ARGV[2]
local strikes = (tonumber(known[3]) or 0) + (isNews and 1 or 0)
local own = math.min(tonumber(ARGV[5]), tonumber(ARGV[4]) * 2 ^ math.max(0, strikes - 1))
local untilMs = math.max(tonumber(known[1]) or 0, now + (tonumber(ARGV[3]) or own))
redis.call("HSET", KEYS[1], "until", string.format("%.0f", untilMs), "strikes", strikes)
if isNews then redis.call("HINCRBY", KEYS[1], "epoch", 1) end
redis.call("PEXPIRE", KEYS[1], math.ceil(math.max(3600000, untilMs - now)))
return string.format("%.0f", untilMs - now)
`;
