/**
 * What several machines share: one queue, one cache, one politeness, and a store of files. Nothing else of civikit loads
 * it.
 *
 * @module
 */
export type { FileStore, PutFile, PutOptions, StoredFile } from "./file_store.ts";
export { openRedis, type OpenRedisOptions, type RedisClient } from "./open_redis.ts";
export { type BullQueue, bullQueue, type BullQueueOptions } from "./queue/bull_queue.ts";
export type { FleetWorker } from "./queue/fleet_workers.ts";
export { parseS3Place, type S3Place } from "./s3/s3_place.ts";
export { s3Store, type S3StoreOptions } from "./s3/s3_store.ts";
export { type S3Credentials, signS3, type SignS3Options } from "./s3/sign_s3.ts";
export { redisStore, type RedisStoreOptions } from "./cache/redis_store.ts";
export { sharedLimits, type SharedLimitsOptions } from "./limits/shared_limits.ts";
