import type { Locale } from "../../transport/mod.ts";
import type { Flags, Values } from "../options/flags.ts";
import type { fetchFlags, hashFlags, siteFlags } from "../options/shared_flags.ts";
import type { Io } from "../terminal/io.ts";
import { cachePath, hashesPath, keyPath, monitorPaths } from "../settings/places.ts";
import { isGranted, keeping, type Right } from "../settings/rights.ts";

/** One thing a command does only where it may, and otherwise leaves. */
interface Ability {
  readonly what: Readonly<Record<Locale, string>>;
  /** The options by which one sees that a command does it. */
  readonly seenBy: readonly KnownFlag[];
  /** The option that takes its place, or forbids it. */
  readonly unless?: KnownFlag;
  /** What it takes; undefined where it is not wanted. */
  needs(env: Io["env"]): readonly Right[] | undefined;
}

type KnownFlag = keyof typeof siteFlags | keyof typeof hashFlags | keyof typeof fetchFlags | "port";

const kept = (path: string | null | undefined) => path ? keeping(path) : undefined;

const abilities: readonly Ability[] = [
  {
    what: { en: "the API key and settings of the environment", "zh-TW": "環境變數裡的金鑰與設定" },
    seenBy: ["baseUrl"],
    needs: () => ["CIVITAI_API_KEY", "HOME"].map((variable) => ({ name: "env", variable })),
  },
  {
    what: { en: "the key file", "zh-TW": "金鑰檔" },
    seenBy: ["baseUrl"],
    needs: (env) => {
      const path = keyPath(env);
      return path === undefined ? undefined : [{ name: "read", path }];
    },
  },
  {
    what: { en: "the cache", "zh-TW": "快取" },
    seenBy: ["baseUrl", "port"],
    needs: (env) => kept(cachePath(env)),
  },
  {
    what: { en: "statistics and logs", "zh-TW": "統計與紀錄檔" },
    seenBy: ["noMonitor"],
    unless: "noMonitor",
    needs: (env) => kept(monitorPaths(env)?.store),
  },
  {
    what: { en: "remembering hashes", "zh-TW": "記住雜湊" },
    seenBy: ["hashes"],
    unless: "hashes",
    needs: (env) => kept(hashesPath(env)),
  },
  {
    what: { en: "checking for free disk space", "zh-TW": "檢查剩餘空間" },
    seenBy: ["parallel"],
    needs: () => [{ name: "sys", kind: "statfs" }],
  },
];

function flagOf(right: Right): string {
  const { name } = right;
  const value = "path" in right ? right.path : "variable" in right ? right.variable : "kind" in right ? right.kind : "";
  return `--allow-${name}${value ? `=${value}` : ""}`;
}

/**
 * What a command with these options leaves undone because it was not given the right, in one line that names the flag for
 * each; undefined when nothing is lost.
 */
export function lostAbilities(
  flags: Values<Flags>,
  env: Io["env"],
  locale: Locale,
): string | undefined {
  const wanted = abilities.filter(({ seenBy, unless }) => {
    return seenBy.some((name) => name in flags) && !(unless !== undefined && flags[unless]);
  });
  const lost = wanted.flatMap((ability) => {
    const missing = (ability.needs(env) ?? []).filter((right) => !isGranted([right]));
    return missing.length === 0 ? [] : [`${ability.what[locale]} (${missing.map(flagOf).join(" ")})`];
  });
  if (lost.length === 0) return undefined;
  return locale === "en"
    ? `note: without the right to it, this is left out: ${lost.join(", ")}`
    : `注意：沒有權限，因此略過：${lost.join("、")}`;
}
