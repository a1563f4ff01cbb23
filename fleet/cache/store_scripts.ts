/**
 * What the shared store does in one step. Keys, behind KEYS[1]: `e:ID` an entry, `k:KEY` its entries by age, `u:URL` all
 * entries of an address, `used` by last use, `stored` by age, `bytes`, `number`, `flight:KEY` who fetches it.
 */
const remove = `
local p = KEYS[1]
local function remove(id)
  local e = redis.call("HMGET", p .. "e:" .. id, "k", "u", "t")
  if not e[1] then
    redis.call("ZREM", p .. "used", id)
    redis.call("ZREM", p .. "stored", id)
    return 0
  end
  redis.call("DEL", p .. "e:" .. id)
  redis.call("ZREM", p .. "k:" .. e[1], id)
  redis.call("SREM", p .. "u:" .. e[2], id)
  redis.call("ZREM", p .. "used", id)
  redis.call("ZREM", p .. "stored", id)
  redis.call("DECRBY", p .. "bytes", e[3])
  return 1
end
`;

/**
 * Puts an entry in place of others and makes room. ARGV: id, key, address, bytes in all, now, age, most bytes, most
 * variants, longest idle time, how many fields follow as names and values, those, then the ids it replaces.
 */
export const putEntry: string = `${remove}
local id, key, url, total = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local now, most, variants, idle, fields = tonumber(ARGV[5]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
for n = 11 + fields * 2, #ARGV do remove(ARGV[n]) end
if total > most then
  redis.call("DEL", p .. "flight:" .. key)
  return 0
end
redis.call("HSET", p .. "e:" .. id, "k", key, "u", url, "t", total)
for n = 11, 10 + fields * 2, 2 do redis.call("HSET", p .. "e:" .. id, ARGV[n], ARGV[n + 1]) end
redis.call("ZADD", p .. "k:" .. key, id, id)
redis.call("SADD", p .. "u:" .. url, id)
redis.call("ZADD", p .. "used", now, id)
redis.call("ZADD", p .. "stored", ARGV[6], id)
redis.call("INCRBY", p .. "bytes", total)
while redis.call("ZCARD", p .. "k:" .. key) > variants do remove(redis.call("ZRANGE", p .. "k:" .. key, 0, 0)[1]) end
for _, old in ipairs(redis.call("ZRANGEBYSCORE", p .. "used", "-inf", now - idle, "LIMIT", 0, 20)) do remove(old) end
while tonumber(redis.call("GET", p .. "bytes")) > most do
  local last = redis.call("ZRANGE", p .. "used", 0, 0)[1]
  if not last then break end
  remove(last)
end
redis.call("DEL", p .. "flight:" .. key)
return 1
`;

/** Removes entries; how many there were. ARGV: their ids. */
export const removeEntries: string = `${remove}
local gone = 0
for _, id in ipairs(ARGV) do gone = gone + remove(id) end
return gone
`;

/** Removes all entries of an address. ARGV: address. */
export const removeAddress: string = `${remove}
for _, id in ipairs(redis.call("SMEMBERS", p .. "u:" .. ARGV[1])) do remove(id) end
return 0
`;

/**
 * The entries of a key, and where there are none who fetches it. ARGV: key, now, largest body given along, this process,
 * how long it counts as the one that fetches in milliseconds (0: it does not want to), how exactly uses are kept. Answers "" or
 * the other process, then id, head, its sum, body bytes, body sum and body (absent where it is larger) of each.
 */
export const findEntries: string = `
local p = KEYS[1]
local found = { "" }
for _, id in ipairs(redis.call("ZRANGE", p .. "k:" .. ARGV[1], 0, -1)) do
  local e = redis.call("HMGET", p .. "e:" .. id, "h", "c", "n", "s")
  if e[1] then
    local used = redis.call("ZSCORE", p .. "used", id)
    if not used or tonumber(ARGV[2]) - tonumber(used) >= tonumber(ARGV[6]) then
      redis.call("ZADD", p .. "used", ARGV[2], id)
    end
    local body = false
    if tonumber(e[3]) <= tonumber(ARGV[3]) then body = redis.call("HGET", p .. "e:" .. id, "b") end
    for _, value in ipairs({ id, e[1], e[2], e[3], e[4], body }) do found[#found + 1] = value end
  else
    redis.call("ZREM", p .. "k:" .. ARGV[1], id)
  end
end
if #found == 1 and tonumber(ARGV[5]) > 0 then
  if not redis.call("SET", p .. "flight:" .. ARGV[1], ARGV[4], "NX", "PX", ARGV[5]) then
    found[1] = redis.call("GET", p .. "flight:" .. ARGV[1])
  end
end
return found
`;

/** Gives an entry that is there new fields. ARGV: id, head, sum, age. */
export const renewEntry: string = `
local p = KEYS[1]
if redis.call("EXISTS", p .. "e:" .. ARGV[1]) == 0 then return 0 end
redis.call("HSET", p .. "e:" .. ARGV[1], "h", ARGV[2], "c", ARGV[3])
redis.call("ZADD", p .. "stored", ARGV[4], ARGV[1])
return 1
`;
