/**
 * What several machines share: one queue, one cache, one politeness, and a store of files. Nothing else of civikit loads
 * it.
 *
 * @module
 */
export { lookAtRedis, type RedisHealth } from "./look_at_redis.ts";
export { type ManyRedis, type OneRedis, openRedis, type OpenRedisOptions, type RedisClient } from "./open_redis.ts";
export { type BullQueue, bullQueue, type BullQueueOptions } from "./queue/bull_queue.ts";
export type { FleetEngine } from "./redis_facts.ts";
export type { FleetWorker } from "./queue/fleet_workers.ts";
export { redisStore, type RedisStoreOptions } from "./cache/redis_store.ts";
export { sharedLimits, type SharedLimitsOptions } from "./limits/shared_limits.ts";
export * from "./mirror/mod.ts";
