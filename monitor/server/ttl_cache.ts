/** Values that are worked out anew only when they are old. */
export interface TtlCache<Value> {
  /** The value of `key`, from `make` where there is none younger than `ttlMs`. */
  get(key: string, ttlMs: number, make: () => Value): Value;
  /** Forgets all. */
  clear(): void;
}

/**
 * Keeps what was worked out for a little while: many who look at once cost as much as one.
 *
 * @param now Milliseconds on a monotonic clock.
 */
export function ttlCache<Value>(now: () => number): TtlCache<Value> {
  const kept = new Map<string, { readonly until: number; readonly value: Value }>();
  return {
    get(key, ttlMs, make) {
      const known = kept.get(key);
      if (known !== undefined && known.until > now()) return known.value;
      const value = make();
      kept.set(key, { until: now() + ttlMs, value });
      return value;
    },
    clear: () => kept.clear(),
  };
}
