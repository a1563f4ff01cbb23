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

/** Whether nobody works there and nothing is to be done. */
async function isIdle(client: RedisClient, prefix: string, nowMs: number): Promise<boolean> {
  const [workers, live] = await Promise.all([
    client.hvals(`${prefix}:book:workers`),
    client.hlen(`${prefix}:book:live`),
  ]);
  return live === 0 && workers.every((text) => (JSON.parse(text) as { untilMs: number }).untilMs <= nowMs);
}

/**
 * Joins the fleet that has this prefix, or founds it; anew where nobody works there and nothing is to be done.
 *
 * @throws {DiskError} `newer_format` when it is one of a newer civikit.
 * @throws {InputError} `invalid_config` when it is another fleet.
 */
export async function joinFleet(client: RedisClient, prefix: string, kind: FleetKind, nowMs: number): Promise<void> {
  const place = `${prefix}:fleet`;
  // as it was written, without the signs that keep its keys together
  const name = prefix.replace(/^\{(.*)\}$/, "$1");
  const founded = JSON.stringify({ v: fleetVersion, ...kind });
  await client.set(place, founded, "NX");
  const known = JSON.parse(await client.get(place) ?? "{}") as { v: number } & FleetKind;
  if (known.v > fleetVersion) {
    const message = `joining the fleet "${name}": a newer civikit made it (form ${known.v}, known is ${fleetVersion})`;
    throw new DiskError(message, { code: "newer_format", path: name });
  }
  const isOther = known.site !== kind.site || known.store !== kind.store;
  if (isOther && await isIdle(client, prefix, nowMs)) return void await client.set(place, founded);
  for (const [field, what] of Object.entries(words) as [keyof FleetKind, string][]) {
    if (known[field] === kind[field]) continue;
    throw new InputError(
      `joining the fleet "${name}": ${what} is ${shown(known[field])} there and ${shown(kind[field])} here, so these ` +
        "are two fleets; give one of them another prefix, or let the other one end its work first",
      { code: "invalid_config", input: name },
    );
  }
}
