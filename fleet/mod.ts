/**
 * What several machines share: one queue, one cache, one politeness, and a store of files. Nothing else of civikit loads
 * it.
 *
 * @module
 */
export type { FileStore, PutFile, StoredFile } from "./file_store.ts";
export { openRedis, type OpenRedisOptions, type RedisClient } from "./open_redis.ts";
