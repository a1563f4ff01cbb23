import { isLoopback } from "../../transport/internal.ts";
import type { CivikitError } from "../../transport/mod.ts";
import { invalid } from "./setting_words.ts";
import type { SettingKey, SettingValue } from "./table.ts";

/** The settings that hold, and where each comes from. */
interface Holding {
  value<K extends SettingKey>(key: K): SettingValue<K>;
  from(key: SettingKey): string | null;
}

/** Whether the host of `forge=http://...` is this machine, or one of `hosts`, with its port or for every port. */
function isNamed(target: string, hosts: readonly string[]): boolean {
  const url = new URL(target.slice(target.indexOf("=") + 1));
  return isLoopback(url.href) || hosts.some((host) => [url.hostname, url.host].includes(host.toLowerCase()));
}

/** Two settings that cannot go together, when they meet, and why they cannot. */
const pairs: readonly {
  readonly keys: readonly [SettingKey, SettingKey];
  meet(value: Holding["value"]): boolean;
  readonly state: string;
  /** Whether the second may be as it is by default. Default: that gives way to what somebody set. */
  readonly isWithDefault?: boolean;
}[] = [
  {
    keys: ["pool.idlePerHost", "pool.maxConnections"],
    meet: (value) => value("pool.idlePerHost") > value("pool.maxConnections"),
    state: "more connections cannot be kept idle than may be open",
  },
  {
    keys: ["network.httpVersion", "network.proxy"],
    meet: (value) => value("network.httpVersion") === "2" && value("network.proxy") !== undefined,
    state: "through a proxy there is no HTTP/2; take auto or 1.1",
  },
  {
    keys: ["targets", "targetHosts"],
    meet: (value) => value("targets").some((target) => !isNamed(target, value("targetHosts"))),
    state: "what targets name lies on this machine, or its host is one of targetHosts",
    isWithDefault: true,
  },
];

/** An error for each two settings that cannot go together, with where they come from. */
export function contradictions({ value, from }: Holding): CivikitError[] {
  // a default gives way to what somebody set
  const isSet = (key: SettingKey) => from(key) !== null;
  return pairs.filter(({ keys: [one, other], meet, isWithDefault = false }) => {
    return isSet(one) && (isWithDefault || isSet(other)) && meet(value);
  }).map(
    ({ keys, state }) => {
      const shown = keys.map((key) => isSet(key) ? `${key} (${from(key)})` : key);
      return invalid(`reading ${shown.join(" and ")}: ${state}`, keys[0]);
    },
  );
}
