/**
 * Writes some jobs of the book, all of them or none: a job that someone else has written meanwhile, or whose key was
 * taken, makes it write nothing. Every index is renewed in the same step, so that none can say something else.
 *
 * KEYS[1] is what all keys begin with. ARGV[1] are the entries as JSON, ARGV[2] the name of a wish or "", ARGV[3] its
 * digest, ARGV[4] how long it is known in milliseconds. Answers the revision, 0 for nothing to write, -1 for a conflict.
 */
export const writeBook = `
local p = KEYS[1]
local entries = cjson.decode(ARGV[1])
if ARGV[2] ~= "" then
  local known = redis.call("GET", p .. ":wish:" .. ARGV[2])
  if known and known ~= ARGV[3] then return -1 end
end
for _, e in ipairs(entries) do
  local revision = redis.call("HGET", p .. ":job:" .. e.id, "r")
  if (revision or "") ~= e.was then return -1 end
  if e.was == "" and redis.call("HEXISTS", p .. ":keys", e.key) == 1 then return -1 end
end
if ARGV[2] ~= "" then redis.call("SET", p .. ":wish:" .. ARGV[2], ARGV[3], "PX", ARGV[4]) end
if #entries == 0 then return 0 end
local revision = redis.call("INCR", p .. ":revision")
for _, e in ipairs(entries) do
  local job = p .. ":job:" .. e.id
  local old = redis.call("HMGET", job, "s", "w", "l")
  if old[1] then redis.call("ZREM", p .. ":state:" .. old[1], e.id) end
  if old[2] and old[2] ~= "" then redis.call("SREM", p .. ":held:" .. old[2], e.id) end
  redis.call("ZREM", p .. ":parked", e.id)
  local change = (e.live and 1 or 0) - (old[3] == "1" and 1 or 0)
  if change ~= 0 and redis.call("HINCRBY", p .. ":live", e.subject, change) == 0 then
    redis.call("HDEL", p .. ":live", e.subject)
  end
  if e.json == "" then
    redis.call("DEL", job)
    redis.call("HDEL", p .. ":keys", e.key)
    redis.call("ZREM", p .. ":order", e.id)
    redis.call("ZREM", p .. ":changed", e.id)
    redis.call("ZADD", p .. ":removed", revision, e.id)
    redis.call("ZREMRANGEBYRANK", p .. ":removed", 0, -10001)
  else
    redis.call("HSET", job, "j", e.json, "r", revision, "s", e.state, "w", e.worker, "l", e.live and 1 or 0)
    redis.call("HSET", p .. ":keys", e.key, e.id)
    redis.call("ZADD", p .. ":order", e.position, e.id)
    redis.call("ZADD", p .. ":state:" .. e.state, e.position, e.id)
    redis.call("ZADD", p .. ":changed", revision, e.id)
    if e.worker ~= "" then redis.call("SADD", p .. ":held:" .. e.worker, e.id) end
    if e.parked then redis.call("ZADD", p .. ":parked", e.parked, e.id) end
  end
end
redis.call("PUBLISH", p .. ":changes", revision)
return revision
`;
