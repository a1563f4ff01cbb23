/** Wrong log-ins of each address within the last while. */
export interface LogInAttempts {
  /** Tells whether an address has to wait. */
  isLocked(address: string): boolean;
  /** Counts a wrong one. */
  wrong(address: string): void;
}

const mostAddresses = 10_000;

/**
 * Counts wrong log-ins by the address they came from, so that nobody locks out anybody else. Memory is bounded: beyond
 * 10,000 addresses the one heard of longest ago is forgotten.
 *
 * @param now Milliseconds on a monotonic clock.
 * @param most Wrong ones that are one too many.
 * @param windowMs How long one counts, in milliseconds.
 */
export function logInAttempts(now: () => number, most = 10, windowMs = 60_000): LogInAttempts {
  const byAddress = new Map<string, number[]>();
  const recent = (address: string) => (byAddress.get(address) ?? []).filter((at) => now() - at < windowMs);
  return {
    isLocked: (address) => recent(address).length >= most,
    wrong(address) {
      const times = [...recent(address), now()].slice(-most);
      byAddress.delete(address);
      byAddress.set(address, times);
      if (byAddress.size > mostAddresses) byAddress.delete(byAddress.keys().next().value!);
    },
  };
}
