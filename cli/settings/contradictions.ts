import { isLoopback } from "../../transport/internal.ts";
import type { CivikitError } from "../../transport/mod.ts";
import { invalid } from "./setting_words.ts";
import type { SettingKey, SettingValue } from "./table.ts";

/** The settings that hold, and where each comes from. */
interface Holding {
  value<K extends SettingKey>(key: K): SettingValue<K>;
  from(key: SettingKey): string | null;
}

/** The hosts of `forge=http://...` that are neither this machine nor among `targetHosts`, with its port or for every port. */
function strangers(value: Holding["value"]): string[] {
  const named = value("targetHosts").map((host) => host.toLowerCase());
  const urls = value("targets").map((target) => new URL(target.slice(target.indexOf("=") + 1)));
  return urls.filter(({ href, hostname, host }) =>
    !isLoopback(href) && !named.includes(hostname) && !named.includes(host)
  )
    .map(({ hostname }) => hostname);
}

/** Two settings that cannot go together, when they meet, and why they cannot. */
const pairs: readonly {
  readonly keys: readonly [SettingKey, SettingKey];
  meet(value: Holding["value"]): boolean;
  state(value: Holding["value"]): string;
  /** Whether the second may be as it is by default. Default: that gives way to what somebody set. */
  readonly isWithDefault?: boolean;
}[] = [
  {
    keys: ["pool.idlePerHost", "pool.maxConnections"],
    meet: (value) => value("pool.idlePerHost") > value("pool.maxConnections"),
    state: () => "more connections cannot be kept idle than may be open",
  },
  {
    keys: ["network.httpVersion", "network.proxy"],
    meet: (value) => value("network.httpVersion") === "2" && value("network.proxy") !== undefined,
    state: () => "through a proxy there is no HTTP/2; take auto or 1.1",
  },
  {
    keys: ["targets", "targetHosts"],
    meet: (value) => strangers(value).length > 0,
    state: (value) => {
      const hosts = strangers(value);
      const all = [...new Set([...value("targetHosts"), ...hosts])].join(",");
      const are = `${hosts.join(", ")} ${
        hosts.length === 1 ? "is" : "are"
      } not on this machine, and not in targetHosts`;
      return `${are}; first: civikit config set targetHosts ${all}`;
    },
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
      return invalid(`reading ${shown.join(" and ")}: ${state(value)}`, keys[0]);
    },
  );
}
