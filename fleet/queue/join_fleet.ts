import { DiskError, InputError } from "../../transport/mod.ts";
import type { RedisClient } from "../open_redis.ts";

/** The form the keys of a fleet have. */
export const fleetVersion = 1;

/** What makes a fleet one: machines that differ in it are two. */
export interface FleetKind {
  /** Where its API is. */
  readonly site: string;
  /** Where its files go. */
  readonly store: string;
}

const words = { site: "the site", store: "the store of files" } as const;
const shown = (text: string) => text === "" ? "none of its own" : JSON.stringify(text);

/**
 * Joins the fleet that has this prefix, or founds it.
 *
 * @throws {DiskError} `newer_format` when it is one of a newer civikit.
 * @throws {InputError} `invalid_config` when it is another fleet.
 */
export async function joinFleet(client: RedisClient, prefix: string, kind: FleetKind): Promise<void> {
  const place = `${prefix}:fleet`;
  await client.set(place, JSON.stringify({ v: fleetVersion, ...kind }), "NX");
  const known = JSON.parse(await client.get(place) ?? "{}") as { v: number } & FleetKind;
  if (known.v > fleetVersion) {
    const message =
      `joining the fleet "${prefix}": a newer civikit made it (form ${known.v}, known is ${fleetVersion})`;
    throw new DiskError(message, { code: "newer_format", path: prefix });
  }
  for (const [name, what] of Object.entries(words) as [keyof FleetKind, string][]) {
    if (known[name] === kind[name]) continue;
    throw new InputError(
      `joining the fleet "${prefix}": ${what} is ${shown(known[name])} there and ${shown(kind[name])} here, so these ` +
        "are two fleets; give one of them another prefix",
      { code: "invalid_config", input: prefix },
    );
  }
}
