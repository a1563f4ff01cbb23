/**
 * Many small files: 200 of 200 KB, each verified and on the disk when it is reported, against aria2 that does neither.
 *
 *     deno task bench:small_files [--runs 7] [--files 200] [--kilobytes 200] [--at-once 16] [--disk DIR] [--quick] [--json]
 *
 * @module
 */
import { hasNginx } from "../_support/nginx.ts";
import { benchArgs, isInstalled, median, type Row, say, script, type Words } from "./_bench.ts";
import { calibrate, spend } from "./_meter.ts";
import { compare, hashFile, type Measured } from "./_race.ts";
import { openShelf } from "./_shelf.ts";

const args = await benchArgs("small_files.ts", ["runs", "files", "kilobytes", "at-once", "disk"]);
const runs = args.number("runs", args.isQuick ? 1 : 7);
const count = args.number("files", args.isQuick ? 20 : 200);
const bytes = args.number("kilobytes", 200) * 1000;
const atOnce = args.text("at-once", "16");
const diskFolder = args.text("disk", "");
await using shelf = await openShelf(diskFolder === "" ? {} : { diskFolder });

interface File {
  readonly name: string;
  readonly sha256: string;
}

async function makeFiles(): Promise<File[]> {
  const files: File[] = [];
  for (let number = 0; number < count; number++) {
    const name = `small-${number}.bin`;
    const content = new Uint8Array(bytes);
    for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(content.subarray(at, at + 65_536));
    await Deno.writeFile(`${shelf.shelf}/${name}`, content);
    files.push({ name, sha256: await hashFile(`${shelf.shelf}/${name}`) });
  }
  return files;
}

/** Whole programs, the first of them ours. */
async function contestants(files: readonly File[], url: string, folder: string): Promise<Map<string, Words[]>> {
  const [ours, theirs] = [`${shelf.shelf}/ours.txt`, `${shelf.shelf}/theirs.txt`];
  await Deno.writeTextFile(ours, files.map(({ name, sha256 }) => `${sha256} ${url}/${name}\n`).join(""));
  await Deno.writeTextFile(theirs, files.map(({ name }) => `${url}/${name}\n`).join(""));
  const found = new Map<string, Words[]>([["civikit", [await script("_civikit_batch.ts", ours, folder, atOnce)]]]);
  if (!isInstalled("aria2c")) return found;
  const quiet = ["--no-conf", "--quiet", "--allow-overwrite=true", "--file-allocation=none"];
  const words: Words = ["aria2c", ...quiet, `-j${atOnce}`, "-d", folder, "-i", theirs];
  found.set("aria2", [words]);
  const sync: Words = ["sync", ...files.map(({ name }) => `${folder}/${name}`)];
  return found.set("aria2 and sync", [words, sync]);
}

async function check(files: readonly File[], folder: string, who: string): Promise<void> {
  const found = [...Deno.readDirSync(folder)].length;
  if (found !== files.length) throw new Error(`${who}: ${found} files where ${files.length} are due`);
  for (const { name, sha256 } of files) {
    if (await hashFile(`${folder}/${name}`) !== sha256) throw new Error(`${who}: ${name} is wrong`);
  }
}

async function series(files: readonly File[], folder: string, isSynced: boolean): Promise<Map<string, Measured>> {
  const measured = new Map<string, Measured>();
  await shelf.serve(files[0]!, {}, async ({ nginx }) => {
    const all = [...await contestants(files, nginx.url, folder)];
    const ddMs = [await calibrate(folder, isSynced)];
    for (const [name] of all) measured.set(name, { ms: [], cpuMs: [], insideMs: [], memoryBytes: [], ddMs });
    for (let round = args.isQuick ? 0 : -1; round < runs; round++) {
      for (const [name, commands] of round % 2 === 0 ? all : all.toReversed()) {
        const parts = [];
        await spend(["sync"]);
        for (const words of commands) parts.push(await spend(words));
        if (round <= 0) await check(files, folder, name);
        for (const { name } of Deno.readDirSync(folder)) await Deno.remove(`${folder}/${name}`);
        if (round < 0) continue;
        measured.get(name)!.ms.push(parts.reduce((sum, { wallMs }) => sum + wallMs, 0));
        measured.get(name)!.cpuMs.push(parts.reduce((sum, { cpuMs = NaN }) => sum + cpuMs, 0));
      }
    }
    ddMs.push(await calibrate(folder, isSynced));
  });
  for (const [name, { ms, cpuMs, ddMs }] of measured) {
    const seconds = (values: readonly (number | undefined)[]) =>
      (median(values.map((ms) => ms ?? NaN)) / 1000).toFixed(2);
    say(
      `  ${name.padEnd(16)} ${seconds(ms)} s, CPU ${seconds(cpuMs)} s; dd ${
        ddMs.map((ms) => seconds([ms])).join(", ")
      } s`,
    );
  }
  return measured;
}

const rows: Row[] = [];
if (!hasNginx) say("small_files: skipped, nginx is not installed");
else {
  const files = await makeFiles();
  const what = `${count} files of ${bytes / 1000} KB, ${atOnce} at once`;
  say(`\n${what}, to the disk`);
  const disk = await series(files, shelf.disk, true);
  say(`\n${what}, into memory`);
  const memory = await series(files, shelf.memory, false);
  const name = "small_files";
  rows.push(
    ...compare(name, `${what}, to the disk and synced`, disk, "aria2", { least: 1 }),
    ...compare(name, `${what}, to the disk and synced`, disk, "aria2 and sync", { least: 1 }),
    ...compare(name, `${what}, into memory`, memory, "aria2", { isShown: true }),
  );
}
args.print(rows.map((row) => ({ ...row, name: "-" })));
