// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Prints the flag a deno command needs on networks that reach npm but not JSR, and nothing elsewhere:
 *
 * ```sh
 * deno test $(deno run -A tools/registry.ts)
 * ```
 *
 * `CIVIKIT_REGISTRY=jsr` or `=npm` settles the matter without asking.
 *
 * @module
 */

/** Where JSR can be had from: its modules, or the adapters over npm libraries. */
export type Registry = "jsr" | "npm";

interface Verdict {
  readonly registry: Registry;
  readonly about: string;
  readonly at: number;
}

const ROOT = new URL("../", import.meta.url);
const VERDICT = new URL(".tmp/registry.json", ROOT);
const VERDICT_LIFE_MS = 300_000;
const PROBE_TIMEOUT_MS = 1500;

/** The JSR packages deno.json names. */
async function jsrImports(): Promise<string[]> {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT))) as {
    imports: Record<string, string>;
  };
  return Object.values(imports).filter((target) => target.startsWith("jsr:"));
}

/** Whether every package is in Deno's cache already. */
async function isCached(specifiers: readonly string[]): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", "--no-config", "--no-lock", "--cached-only", ...specifiers],
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

/** Whether JSR answers, soon, and with what was asked for. */
async function isReachable(): Promise<boolean> {
  const base = Deno.env.get("JSR_URL") ?? "https://jsr.io";
  try {
    const response = await fetch(new URL("/@std/assert/meta.json", base), {
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    const meta = await response.json();
    return response.ok && meta.name === "assert";
  } catch {
    // A portal's page, a refusal or silence all mean the same here.
    return false;
  }
}

/** The last verdict, if it is about the same packages and cache and younger than five minutes. */
async function recall(about: string): Promise<Registry | undefined> {
  try {
    const verdict = JSON.parse(await Deno.readTextFile(VERDICT)) as Verdict;
    const ageMs = Date.now() - verdict.at;
    return verdict.about === about && ageMs >= 0 && ageMs < VERDICT_LIFE_MS ? verdict.registry : undefined;
  } catch {
    return undefined;
  }
}

async function remember(registry: Registry, about: string): Promise<void> {
  try {
    await Deno.mkdir(new URL("./", VERDICT), { recursive: true });
    const verdict: Verdict = { registry, about, at: Date.now() };
    await Deno.writeTextFile(VERDICT, JSON.stringify(verdict));
  } catch {
    // A folder that cannot be written to costs a probe each time, nothing else.
  }
}

/** Which registry to use now: what `CIVIKIT_REGISTRY` says, else JSR where its modules are cached or it answers. */
export async function findRegistry(): Promise<Registry> {
  const wanted = Deno.env.get("CIVIKIT_REGISTRY");
  if (wanted === "jsr" || wanted === "npm") return wanted;
  if (wanted) throw new RangeError(`CIVIKIT_REGISTRY "${wanted}": expected "jsr" or "npm"`);

  const specifiers = await jsrImports();
  const about = [Deno.env.get("DENO_DIR"), Deno.env.get("JSR_URL"), ...specifiers].join(" ");
  const known = await recall(about);
  if (known) return known;
  const registry = await isReachable() || await isCached(specifiers) ? "jsr" : "npm";
  await remember(registry, about);
  return registry;
}

/**
 * The flags for a deno command, as a list: `["--import-map=…"]` or `[]`.
 *
 * The path is relative to the checkout, which is where `deno task` runs, because a task splits what a command prints
 * at blanks; give `base` for commands that run elsewhere.
 */
export async function registryFlags(base = ""): Promise<string[]> {
  const registry = await findRegistry();
  return registry === "npm" ? [`--import-map=${base}tools/npm_only/import_map.json`] : [];
}

if (import.meta.main) {
  const flags = await registryFlags();
  if (flags.length > 0) console.log(flags.join(" "));
}
