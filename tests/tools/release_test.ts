import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { namedVersions, notesOf, packBundle, versionFaults, writeChecksums } from "../../tools/release.ts";
import { baseImages, buildCommand, digestOf } from "../../tools/release_container.ts";
import { sbom } from "../../tools/release_sbom.ts";
import { version } from "../../transport/http/version.ts";
import { withFolder } from "../_support/folder.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const isLinux = Deno.build.os === "linux";

async function run(program: string, args: string[], cwd: string): Promise<{ code: number; out: string }> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args, cwd }).output();
  return { code, out: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test("every place that names the version names the same one, the changelog at its release", async () => {
  const { "CHANGELOG.md": changelog, ...places } = await namedVersions();
  assertEquals([...new Set(Object.values(places))], [version]);
  assert(changelog === undefined || changelog === version);
});

Deno.test("a release is refused where a place names another version, and each is told", () =>
  withFolder(async (folder) => {
    for (const path of Object.keys(await namedVersions())) {
      await mkdir(join(folder, dirname(path)), { recursive: true });
      await cp(join(root, path), join(folder, path));
    }
    const changelog = await Deno.readTextFile(join(folder, "CHANGELOG.md"));
    await Deno.writeTextFile(
      join(folder, "CHANGELOG.md"),
      changelog.replace("## Unreleased", `## [${version}] - 2026-12-01`),
    );
    assertEquals(await versionFaults(`v${version}`, folder), []);
    assertEquals((await versionFaults("v9.9.9", folder)).length, Object.keys(await namedVersions(folder)).length);
    assertEquals((await versionFaults(version, folder)).length, 1);
    const compose = join(folder, "deploy/container/compose.yaml");
    await Deno.writeTextFile(
      compose,
      (await Deno.readTextFile(compose)).replace(`civikit:${version}`, "civikit:0.0.9"),
    );
    assertEquals(await versionFaults(`v${version}`, folder), [
      `deploy/container/compose.yaml: names 0.0.9, not ${version}`,
    ]);
  }));

Deno.test("the notes of a release are its own section of the changelog", () => {
  const text =
    "# Changelog\n\n## Unreleased\n\n- c\n\n## [1.2.0] - 2026-12-01\n\n### Added\n\n- b\n\n## [1.1.0]\n\n- a\n";
  assertEquals(notesOf(text, "1.2.0"), "### Added\n\n- b");
  assertEquals(notesOf(text, "1.1.0"), "- a");
  assertEquals(notesOf(text, "1.2"), undefined);
});

Deno.test({
  name:
    "the archive of the bundle starts where it is unpacked, is the same whenever it is packed, and its checksum tells",
  ignore: !isLinux,
  fn: () =>
    withFolder(async (folder) => {
      const [one, two] = [join(folder, "one"), join(folder, "two")];
      const path = await packBundle(one);
      await packBundle(two);
      await writeChecksums(one);
      await writeChecksums(two);
      const sums = await Deno.readTextFile(join(one, "SHA256SUMS"));
      assertMatch(sums, /^[0-9a-f]{64} {2}civikit-[\d.]+\.tar\.gz\n$/);
      assertEquals(await Deno.readTextFile(join(two, "SHA256SUMS")), sums);
      assertEquals((await run("sha256sum", ["--check", "--strict", "SHA256SUMS"], one)).code, 0);
      assertEquals((await run("tar", ["-xzf", path, "-C", folder], folder)).code, 0);
      const unpacked = join(folder, `civikit-${version}`);
      assert(Deno.statSync(join(unpacked, "LICENSE")).isFile);
      const told = await run(Deno.execPath(), [
        "run",
        "--no-config",
        "--allow-read",
        "--allow-env",
        "civikit.js",
        "--version",
      ], unpacked);
      assertEquals([told.code, told.out], [0, `civikit ${version}\n`]);
      using file = await Deno.open(path, { read: true, write: true });
      await file.seek(100, Deno.SeekMode.Start);
      await file.write(new Uint8Array([1, 2, 3]));
      assertEquals((await run("sha256sum", ["--check", "--strict", "SHA256SUMS"], one)).code, 1);
      await assertRejects(() => writeChecksums(join(folder, "none")), Error);
    }),
});

Deno.test("the bill of materials names every package the command loads, with licence and hash, and no other", async () => {
  const bom = await sbom(new Date(0));
  assertEquals([bom.bomFormat, bom.specVersion, bom.metadata.component.version], ["CycloneDX", "1.6", version]);
  assertMatch(bom.serialNumber, /^urn:uuid:[0-9a-f-]{36}$/);
  const { imports } = JSON.parse(await Deno.readTextFile(join(root, "deno.json"))) as {
    imports: Record<string, string>;
  };
  const due = Object.values(imports).filter((target) => target.startsWith("npm:")).map((target) => target.slice(4));
  const named = new Map(
    bom.components.map((one) => [`${one.group ? `${one.group}/` : ""}${one.name}@${one.version}`, one]),
  );
  assertEquals(due.filter((name) => !named.has(name)), []);
  // types and tools of the tests are not shipped
  assertEquals([...named.keys()].filter((name) => /^@types\/|^typescript@|assert/.test(name)), []);
  for (const { purl, licenses, hashes, "bom-ref": ref } of bom.components) {
    assertMatch(purl, /^pkg:(?:npm|jsr)\/(?:%40[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+/);
    assertEquals(ref, purl);
    assert(licenses?.[0]?.license.id, purl);
    if (purl.startsWith("pkg:npm/")) assertMatch(hashes?.[0]?.content ?? "", /^[0-9a-f]{128}$/, purl);
  }
  const refs = new Set([bom.metadata.component["bom-ref"], ...bom.components.map(({ purl }) => purl)]);
  for (const { ref, dependsOn } of bom.dependencies) {
    assertEquals([ref, ...dependsOn].filter((each) => !refs.has(each)), []);
  }
  assertEquals(new Set(bom.dependencies.flatMap(({ dependsOn }) => dependsOn)).size, bom.components.length);
});

Deno.test("the image is built from what its tags name now: by digests that the registry tells", async () => {
  const digest = `sha256:${"ab".repeat(32)}`;
  const asked: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname, search } = new URL(request.url);
    asked.push(`${request.method} ${pathname}${search} ${request.headers.get("authorization") ?? ""}`.trim());
    if (pathname === "/token") return Response.json({ token: "t" });
    if (!pathname.endsWith("debian-2.9.6")) return new Response(null, { status: 404 });
    return new Response(null, { headers: { "docker-content-digest": digest } });
  });
  const here = `http://127.0.0.1:${server.addr.port}`;
  const hub = { registry: here, tokens: `${here}/token` };
  const images = await baseImages();
  assertEquals(await digestOf(images["BUILD_IMAGE"]!, hub), digest);
  assertEquals(asked, [
    "GET /token?service=registry.docker.io&scope=repository:denoland/deno:pull",
    "HEAD /v2/denoland/deno/manifests/debian-2.9.6 Bearer t",
  ]);
  await assertRejects(() => digestOf("docker.io/denoland/deno:none", hub), Error, "no digest, HTTP 404");
  await assertRejects(() => digestOf("quay.io/x:1", hub), Error, "not like docker.io/NAME:TAG");
  const command = await buildCommand({ BUILD_IMAGE: digest, RUN_IMAGE: digest });
  assertStringIncludes(command.join(" "), `--build-arg RUN_IMAGE=${images["RUN_IMAGE"]}@${digest}`);
  assertEquals(command.filter((word) => word.includes("ghcr.io")), [`ghcr.io/civikit/civikit:${version}`]);
});

interface Job {
  readonly needs?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly { readonly uses?: string; readonly run?: string }[];
}

Deno.test("the release workflow is made of tasks that anyone can try, and every job has only the rights it uses", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(root, "deno.json"))) as { tasks: Record<string, unknown> };
  const text = await Deno.readTextFile(join(root, ".github/workflows/publish.yml"));
  const { jobs, permissions } = parse(text) as { jobs: Record<string, Job>; permissions: unknown };
  assertEquals(permissions, { contents: "read" });
  const used = Array.from(text.matchAll(/deno task (?:--quiet )?([\w:]+)/g), ([, name]) => name!);
  assertEquals(used.filter((name) => !(name in tasks)), []);
  const steps = Object.keys(tasks).filter((name) => name.startsWith("release:"));
  assertEquals(steps.filter((name) => !used.includes(name)), []);
  for (const [name, { needs, permissions = {}, steps }] of Object.entries(jobs)) {
    if (name !== "check") assertEquals(needs, "check", name);
    for (const { uses } of steps) if (uses !== undefined) assertMatch(uses, /^[\w-]+\/[\w-]+@v\d+$/);
    const isSigned = steps.some(({ uses, run }) => uses?.includes("/attest-") || run?.includes("release:jsr"));
    assertEquals(permissions["id-token"], isSigned ? "write" : undefined, name);
    assertEquals(permissions["contents"] === "write", steps.some(({ run }) => run?.includes("gh release")), name);
  }
});
