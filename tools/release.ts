// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * The steps of a release, each a task of its own that can be tried on any machine; what they make lies in dist/release/.
 *
 *     deno task release:version v0.1.0    the tag, deno.json, the code, the changelog and deploy/ say the same version
 *     deno task release:notes             what the changelog says of it
 *     deno task release:bundle            the bundle as an archive
 *     deno task release:binaries          a binary for each system; --required where none may be missing
 *     deno task release:checksums         SHA256SUMS of all of them
 *
 * `release:sbom` and `release:container` have files of their own.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { version as codeVersion } from "../transport/http/version.ts";
import { bundleCommand } from "./bundle.ts";
import { binaryName, compile, targets } from "./compile.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Where everything that is released is put together. */
export const releaseFolder: string = join(ROOT, "dist", "release");

/** The list of checksums. */
export const checksumName = "SHA256SUMS";

/** What the changelog says of a version; undefined where it says nothing. */
export function notesOf(changelog: string, version: string): string | undefined {
  const [, notes] = changelog.split(new RegExp(`^## \\[${version.replaceAll(".", "\\.")}\\].*$`, "m"));
  const [section = ""] = notes?.split(/^## |^\[[^\]]+\]: /m) ?? [];
  return section.trim() || undefined;
}

/** The places that name the version, by their path, as they name it. */
export async function namedVersions(root: string = ROOT): Promise<Record<string, string | undefined>> {
  const read = (path: string) => readFile(join(root, path), "utf8");
  const image = /ghcr\.io\/civikit\/civikit:(\S+)/;
  const changelog = await read("CHANGELOG.md");
  const { version } = JSON.parse(await read("deno.json")) as { version: string };
  return {
    "deno.json": version,
    "transport/http/version.ts": /version: string = "([^"]+)"/.exec(await read("transport/http/version.ts"))?.[1],
    "CHANGELOG.md": changelog.includes(`## [${version}]`) ? version : undefined,
    "deploy/container/Containerfile": /^ARG VERSION=(\S+)$/m.exec(await read("deploy/container/Containerfile"))?.[1],
    "deploy/container/compose.yaml": image.exec(await read("deploy/container/compose.yaml"))?.[1],
    "deploy/container/civikit.container": image.exec(await read("deploy/container/civikit.container"))?.[1],
  };
}

/** What speaks against releasing `tag`; nothing where all places name its version. */
export async function versionFaults(tag: string, root: string = ROOT): Promise<string[]> {
  const due = tag.replace(/^v/, "");
  const wrong = Object.entries(await namedVersions(root)).filter(([, named]) => named !== due);
  return [
    ...(/^v\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(tag) ? [] : [`the tag "${tag}": not like v1.2.3`]),
    ...wrong.map(([path, named]) => `${path}: names ${named ?? "no version"}, not ${due}`),
  ];
}

/** The bundle, with the licence, in one archive that is the same byte for byte whenever it is made. */
export async function packBundle(folder: string = releaseFolder): Promise<string> {
  const name = `civikit-${codeVersion}`;
  const room = await Deno.makeTempDir();
  try {
    await bundleCommand(join(room, name));
    for (const file of ["LICENSE", "README.md", "CHANGELOG.md"]) await cp(join(ROOT, file), join(room, name, file));
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${name}.tar.gz`);
    const plain = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "--format=ustar"];
    const { success, stderr } = await new Deno.Command("tar", {
      args: ["-C", room, ...plain, "--use-compress-program=gzip -n9", "-cf", path, name],
    }).output();
    if (!success) throw new Error(`packing "${path}": ${new TextDecoder().decode(stderr)}`);
    return path;
  } finally {
    await rm(room, { recursive: true });
  }
}

/** A binary for each system; those that cannot be made are undefined. */
export async function packBinaries(folder: string = releaseFolder): Promise<Record<string, string | undefined>> {
  const { entry } = await bundleCommand();
  const made: Record<string, string | undefined> = {};
  for (const target of targets) {
    const output = join(folder, binaryName(target).replace("civikit-", `civikit-${codeVersion}-`));
    await mkdir(folder, { recursive: true });
    made[target] = (await compile({ target, bundle: dirname(entry), output })).path;
  }
  return made;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const bytes of createReadStream(path)) hash.update(bytes);
  return hash.digest("hex");
}

/** Writes the checksums of every file of `folder`, as `sha256sum --check` reads them. */
export async function writeChecksums(folder: string = releaseFolder): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name !== checksumName).sort();
  if (names.length === 0) throw new Error(`writing checksums: "${folder}" holds nothing`);
  const lines: string[] = [];
  for (const name of names) lines.push(`${await sha256(join(folder, name))}  ${name}\n`);
  const path = join(folder, checksumName);
  await writeFile(path, lines.join(""));
  return path;
}

async function main([step, ...args]: readonly string[]): Promise<number> {
  if (step === "version") {
    const faults = await versionFaults(args[0] ?? `v${codeVersion}`);
    for (const fault of faults) console.error(`release: ${fault}`);
    if (faults.length === 0) console.log(`release: ${args[0] ?? `v${codeVersion}`} is named everywhere`);
    return faults.length === 0 ? 0 : 1;
  }
  if (step === "notes") {
    const notes = notesOf(await readFile(join(ROOT, "CHANGELOG.md"), "utf8"), codeVersion);
    console.log(notes ?? "");
    return notes === undefined ? 1 : 0;
  }
  if (step === "bundle") console.log(`release: ${await packBundle()}`);
  else if (step === "checksums") console.log(`release: ${await writeChecksums()}`);
  else if (step === "binaries") {
    const made = await packBinaries();
    for (const [target, path] of Object.entries(made)) {
      console.log(`release: ${path ?? `skipped the binary for ${target}: Deno's runtime part cannot be fetched here`}`);
    }
    return args.includes("--required") && Object.values(made).includes(undefined) ? 1 : 0;
  } else throw new Error(`release ${step}: version, notes, bundle, binaries or checksums is due`);
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
