import type { CivikitError } from "../../transport/mod.ts";
import { invalid } from "./setting_words.ts";
import type { SettingKey, SettingValue } from "./table.ts";

/** The settings that hold, and where each comes from. */
interface Holding {
  value<K extends SettingKey>(key: K): SettingValue<K>;
  from(key: SettingKey): string | null;
}

/** Two settings that cannot go together, when they meet, and why they cannot. */
const pairs: readonly {
  readonly keys: readonly [SettingKey, SettingKey];
  meet(value: Holding["value"]): boolean;
  readonly state: string;
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
];

/** An error for each two settings that cannot go together, with where they come from. */
export function contradictions({ value, from }: Holding): CivikitError[] {
  // a default gives way to what somebody set
  return pairs.filter(({ keys, meet }) => keys.every((key) => from(key) !== null) && meet(value)).map(
    ({ keys, state }) => {
      const shown = keys.map((key) => `${key} (${from(key)})`);
      return invalid(`reading ${shown.join(" and ")}: ${state}`, keys[0]);
    },
  );
}
