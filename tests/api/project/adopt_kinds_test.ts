import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "node:path";
import { adopt, civitai, hashCache, openProject } from "@civikit/civikit/api";
import { safeFileName } from "@civikit/civikit/transport";
import { kindsSite } from "../../_support/kinds_site.ts";
import { bytesOf, type ModelKind, modelKinds } from "../../_support/model_kinds.ts";
import { inFolder } from "../library/_folder.ts";

/** More by hand: CIVIKIT_KINDS=17000. Fewer than all pairs of kinds would leave some out. */
const count = Number(Deno.env.get("CIVIKIT_KINDS") ?? 2000);

/** What a disk takes of a name, with nothing else changed: no slash, no NUL, 255 bytes. */
function onDisk(name: string): string | undefined {
  const text = `${name}.ckpt`.toWellFormed().replace(/[/\0]/g, "\u2215");
  return text.startsWith(".") || new TextEncoder().encode(text).length > 255 ? undefined : text;
}

const folders = ["loras", "模型/光 と 影", "Лоры", "צללים", "🏮", "a b"];

/** Writes the main file of each model under its special name where the disk takes it. @returns What is where. */
function fill(root: string, kinds: readonly ModelKind[]): Map<string, number> {
  const put = new Map<string, number>();
  kinds.forEach(({ name, model: { id } }, n) => {
    const own = onDisk(name);
    if (own === undefined) return;
    // kinds without a number in their name would meet in one place
    const below = `${folders[n % folders.length]}/${n % 100}/${n}/${own}`;
    Deno.mkdirSync(dirname(join(root, below)), { recursive: true });
    Deno.writeFileSync(join(root, below), bytesOf(id + 10));
    put.set(below, id + 10);
  });
  return put;
}

/** What a published file is found by; models that hide it, or have none, are not known. */
function knownIds(kinds: readonly ModelKind[]): Set<number> {
  const files = kinds.flatMap(({ model }) => model.modelVersions.flatMap(({ files }) => files ?? []));
  return new Set(files.filter(({ hashes }) => (hashes as { SHA256?: unknown } | null)?.SHA256).map(({ id }) => id));
}

Deno.test({
  name: `adopt() takes ${count} models of every kind: no crash, no lost character, no unsafe name`,
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (outer) => {
      const [folder, root] = [join(outer, "project"), join(outer, "models")];
      Deno.mkdirSync(folder);
      Deno.mkdirSync(root);
      const kinds = [...modelKinds(count)];
      const put = fill(root, kinds);
      const known = knownIds(kinds);
      const api = civitai(kindsSite(kinds.map(({ model }) => model)));
      using cache = hashCache(":memory:");
      const { adopted, apart, failures } = await adopt(openProject(folder, { root }), api, [], { cache });
      assertEquals(failures, []);
      const below = (path: string) => path.slice(root.length + 1);
      const all = [...adopted.map(({ path }) => below(path)), ...apart.map(({ path }) => below(path))];
      assertEquals(all.sort(), [...put.keys()].sort(), "each file is told of once");
      for (const { path, locked } of adopted) {
        assertEquals(locked.path, below(path), "not a character is lost");
        for (const part of locked.path.split("/")) assertEquals(part, safeFileName(part, { maxBytes: 255 }));
        assert(known.has(put.get(locked.path)!));
      }
      for (const { path, reason } of apart) {
        const isSafe = below(path).split("/").every((part) => part === safeFileName(part, { maxBytes: 255 }));
        if (reason === "unsafe_name") assert(!isSafe, below(path));
        else assert(isSafe && reason === "unknown" && !known.has(put.get(below(path))!), `${reason}: ${below(path)}`);
      }
      const { lock, manifest } = openProject(folder, { root });
      assertEquals(lock.files.length, adopted.length);
      assert(adopted.length > put.size / 3, `only ${adopted.length} of ${put.size}`);
      for (const [name, id] of put) assertEquals(Deno.readFileSync(join(root, name)), bytesOf(id));
      const again = await adopt(openProject(folder, { root }), api, [], { cache });
      assertEquals([again.adopted.length, again.there.length], [0, adopted.length]);
      assertEquals(openProject(folder, { root }).manifest, manifest);
    }),
});
