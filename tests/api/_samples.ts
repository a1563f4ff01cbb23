const folder = new URL("../../../shared/civitai/samples/", import.meta.url);

/** Tells whether saved answers of the real site lie beside the project; tests that need them are skipped if not. */
export const hasSamples: boolean = await Deno.stat(folder).then(({ isDirectory }) => isDirectory, () => false);

/** Names of the samples that begin with `prefix`. */
export function sampleNames(prefix: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.startsWith(prefix)).sort();
}

/** A sample's text. */
export function sampleText(name: string): string {
  return Deno.readTextFileSync(new URL(name, folder));
}

/** A sample, parsed. */
// deno-lint-ignore no-explicit-any
export function sample(name: string): any {
  return JSON.parse(sampleText(name));
}
