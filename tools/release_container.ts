// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Builds and pushes the image, with the images it is built from named by their digests of today:
 *
 *     deno task release:container --dry-run    only prints the command
 *     deno task release:container
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { version } from "../transport/http/version.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const file = "deploy/container/Containerfile";

/** Where images are asked for, and who gives the token for it. */
export interface ImageRegistry {
  readonly registry: string;
  readonly tokens: string;
}

const dockerHub: ImageRegistry = { registry: "https://registry-1.docker.io", tokens: "https://auth.docker.io/token" };

/** Kinds of manifests, those of several systems first. */
const manifests = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
].join(", ");

/**
 * The digest that a tag of Docker Hub has now.
 *
 * @param image Such as `docker.io/denoland/deno:debian-2.9.6`.
 * @throws {Error} When the registry does not know it, or does not say.
 * @see https://distribution.github.io/distribution/spec/api/#existing-manifests
 */
export async function digestOf(image: string, { registry, tokens }: ImageRegistry = dockerHub): Promise<string> {
  const [, name, tag] = /^docker\.io\/(\S+):([\w.-]+)$/.exec(image) ?? [];
  if (name === undefined) throw new Error(`the image "${image}": not like docker.io/NAME:TAG`);
  const asked = await fetch(`${tokens}?service=registry.docker.io&scope=repository:${name}:pull`);
  if (!asked.ok) throw new Error(`the image "${image}": no token, HTTP ${asked.status}`);
  const { token } = await asked.json() as { token: string };
  const headers = { authorization: `Bearer ${token}`, accept: manifests };
  const response = await fetch(`${registry}/v2/${name}/manifests/${tag}`, { method: "HEAD", headers });
  const digest = response.headers.get("docker-content-digest") ?? "";
  if (!response.ok || !/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new Error(`the image "${image}": no digest, HTTP ${response.status}`);
  }
  return digest;
}

/** The images that the Containerfile is built from, by the name of their argument. */
export async function baseImages(): Promise<Record<string, string>> {
  const text = await readFile(join(ROOT, file), "utf8");
  return Object.fromEntries(
    Array.from(text.matchAll(/^ARG (\w+_IMAGE)=(\S+)$/gm), ([, name, image]) => [name!, image!]),
  );
}

/**
 * The command that builds and pushes the image.
 *
 * @param digests Of the images of {@linkcode baseImages}, by the same names.
 */
export async function buildCommand(digests: Readonly<Record<string, string>>): Promise<string[]> {
  const images = Object.entries(await baseImages());
  return [
    ...["docker", "buildx", "build", "--platform", "linux/amd64,linux/arm64", "--file", file],
    ...images.flatMap(([name, image]) => ["--build-arg", `${name}=${image}@${digests[name]}`]),
    ...["--build-arg", `VERSION=${version}`, "--sbom=true", "--provenance=mode=max"],
    ...["--tag", `ghcr.io/civikit/civikit:${version}`, "--metadata-file", "dist/container.json", "--push", "."],
  ];
}

async function main(isDry: boolean): Promise<number> {
  const digests: Record<string, string> = {};
  for (const [name, image] of Object.entries(await baseImages())) {
    try {
      digests[name] = await digestOf(image);
    } catch (error) {
      if (!isDry) throw error;
      console.log(`release: ${error instanceof Error ? error.message : error}`);
      digests[name] = "DIGEST";
    }
  }
  const [program, ...args] = await buildCommand(digests) as [string, ...string[]];
  console.log([program, ...args].join(" "));
  if (isDry) return 0;
  await Deno.mkdir(join(ROOT, "dist"), { recursive: true });
  return (await new Deno.Command(program, { args, cwd: ROOT }).spawn().status).code;
}

if (import.meta.main) Deno.exit(await main(Deno.args.includes("--dry-run")));
