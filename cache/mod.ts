/**
 * The HTTP cache: a middleware that obeys RFC 9111, and the stores it keeps responses in.
 *
 * @module
 */
export { type CacheInfo, cacheInfo } from "./cache_status.ts";
export { httpCache, type HttpCacheOptions } from "./http_cache.ts";
export { memoryStore, type MemoryStoreOptions } from "./memory_store.ts";
export { partitionOf } from "./partition.ts";
export { sqliteStore, type SqliteStoreOptions } from "./sqlite_store.ts";
export type {
  CacheEntry,
  CacheFilter,
  CacheKey,
  CacheListing,
  CacheOutcome,
  CacheStats,
  CacheStore,
  CacheVerdict,
  CacheWriter,
  Field,
  MaybePromise,
  StoredHead,
} from "./store.ts";
