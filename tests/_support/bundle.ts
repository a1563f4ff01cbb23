import { join } from "node:path";
import { type Bundle, bundleCommand } from "../../tools/bundle.ts";

let made: Promise<Bundle> | undefined;

/** The command as `deno task bundle` makes it, made once for each process of tests; nobody may change it. */
export function bundle(): Promise<Bundle> {
  return made ??= (async () => {
    const folder = await Deno.makeTempDir({ prefix: "civikit_bundle_" });
    addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
    return await bundleCommand(join(folder, "bundle"));
  })();
}
