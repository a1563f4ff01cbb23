import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { hashCache, openProject } from "../../../api/mod.ts";
import { type FileStore, fillMirror, s3Store } from "../../../fleet/mod.ts";
import { embeddedS3, type EmbeddedS3Server, type S3Upload, type StoredObject } from "../../../testing/mod.ts";
import { events, inWorld, sha256, tree, type World } from "../_world.ts";

interface Lab extends World {
  readonly s3: EmbeddedS3Server;
  readonly project: string;
  readonly env: Record<string, string>;
  /** A second project with the same lock file, and nothing installed. */
  other(): string;
}

const place = "s3://models/lab";
const noSite = { fetch: () => Promise.reject(new Error("no site")) };

/** A project with two models, and a store. */
function inLab(work: (lab: Lab) => Promise<void>): Promise<void> {
  return inWorld(async (world) => {
    await using s3 = embeddedS3().listen();
    const project = join(world.folder, "project");
    const { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY } = s3.user;
    const env = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL_S3: s3.url };
    const added = await world.run(["add", "2002", "model:1002", "--project", project, "--layout", "comfyui"]);
    assertEquals(added.code, 0, added.io.err);
    let others = 0;
    await work({
      ...world,
      ...{ s3, project, env },
      other() {
        const folder = join(world.folder, `other${others++}`);
        Deno.mkdirSync(folder);
        for (const name of ["civikit.models.json", "civikit.lock.json"]) {
          Deno.copyFileSync(join(project, name), join(folder, name));
        }
        return folder;
      },
    });
  });
}

const downloads = ({ civitai }: World) => civitai.log.filter(({ path }) => path.startsWith("/api/download")).length;

Deno.test("civikit mirror stores what the lock file names, from the disk and from the site, once", () =>
  inLab(async (lab) => {
    const { run, project, env, s3, other } = lab;
    const before = downloads(lab);
    const dry = await run(["mirror", project, place, "--dry-run"], { env });
    assertEquals([dry.code, s3.objects().size], [0, 0], dry.io.err);
    assertMatch(dry.io.out, /would store: models\/loras\/paper_lantern_v2\.safetensors \(.*, from the disk\)/);
    assertMatch(dry.io.out, /s3:\/\/models\/lab: 2 to store/);

    const { code, io } = await run(["mirror", project, place, "--json"], { env });
    assertEquals(code, 0, io.err);
    assertEquals(downloads(lab), before, "all of it lay on the disk");
    const stored = events(io).filter(({ event }) => event === "stored");
    assertEquals(stored.map(({ from }) => from), ["disk", "disk"]);
    assertEquals(s3.objects().size, 2);
    assert([...s3.objects().keys()].every((key) => /^lab\/sha256\/[\da-f]{2}\/[\da-f]{64}$/.test(key)));
    assert(!io.out.includes(env["AWS_SECRET_ACCESS_KEY"]!));

    const again = await run(["mirror", project, place], { env });
    assertMatch(again.io.out, /s3:\/\/models\/lab: 2 there in /);

    await using empty = embeddedS3().listen();
    const elsewhere = { ...env, AWS_ENDPOINT_URL_S3: empty.url };
    const fetched = await run(["mirror", other(), place], { env: elsewhere });
    assertEquals(fetched.code, 0, fetched.io.err);
    assertEquals([empty.objects().size, downloads(lab) > before], [2, true]);
    assertMatch(fetched.io.err, /stored: .* from Civitai/);
  }));

Deno.test("civikit install --mirror takes everything from the store, and asks the site for nothing", () =>
  inLab(async (lab) => {
    const { run, project, env, other, civitai } = lab;
    await run(["mirror", project, place], { env });
    const asked = civitai.log.length + civitai.storage.log.length;
    const folder = other();
    const { code, io } = await run(["install", "--project", folder, "--mirror", place], { env });
    assertEquals(code, 0, io.err);
    assertStringIncludes(io.err, "2 of 2 files are in s3://models/lab");
    assertEquals(civitai.log.length + civitai.storage.log.length, asked);
    assertEquals(tree(folder), tree(project));
    for (const path of tree(folder)) assertEquals(await sha256(join(folder, path)), await sha256(join(project, path)));
  }));

Deno.test("civikit install --mirror has from Civitai what the mirror has not, or has wrong, or cannot give", () =>
  inLab(async (lab) => {
    const { run, project, env, other, s3 } = lab;
    await run(["mirror", project, place], { env });
    const objects = s3.objects();
    const [[key, object], [second]] = [...objects] as [[string, StoredObject], [string, StoredObject]];
    objects.delete(second);
    const rotten = object.bytes.slice();
    rotten[100]! ^= 1;
    objects.set(key, { ...object, bytes: rotten });
    const folder = other();
    const { code, io } = await run(["install", "--project", folder, "--mirror", place], { env });
    assertEquals(code, 0, io.err);
    assertStringIncludes(io.err, "1 of 2 files are in s3://models/lab");
    assertMatch(io.err, /comes from Civitai, not from s3:\/\/models\/lab: /);
    for (const path of tree(project)) assertEquals(await sha256(join(folder, path)), await sha256(join(project, path)));
    assert(!tree(folder).some((path) => path.endsWith(".part")), tree(folder).join());

    const closed = { ...env, AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9", CIVIKIT_RETRY_MAX: "0" };
    const away = other();
    const without = await run(["install", "--project", away, "--mirror", place], { env: closed });
    assertEquals(without.code, 0, without.io.err);
    assertMatch(without.io.err, /s3:\/\/models\/lab cannot be used, everything comes from Civitai: /);
    assertEquals(tree(away), tree(project));
  }));

Deno.test("civikit install --mirror says why a mirror gives nothing, and with --json what it gives", () =>
  inLab(async ({ run, project, env, other, s3 }) => {
    const said = async (mirror: string, more: Record<string, string> = {}) => {
      const args = ["install", "--project", other(), "--mirror", mirror];
      const { code, io } = await run(args, { env: { ...env, ...more } });
      assertEquals(code, 0, io.err);
      return io.err;
    };
    assertMatch(await said("s3://elsewhere/lab"), /cannot be used, everything comes from Civitai: .*NoSuchBucket/);
    assertMatch(await said(place, { AWS_SECRET_ACCESS_KEY: "another" }), /cannot be used, .*SignatureDoesNotMatch/);
    assertMatch(await said(place), /0 of 2 files are in s3:\/\/models\/lab\n/);

    await run(["mirror", project, place], { env });
    const [[key, object]] = [...s3.objects()] as [[string, StoredObject]];
    const rotten = object.bytes.slice();
    rotten[100]! ^= 1;
    s3.objects().set(key, { ...object, bytes: rotten });
    const { io } = await run(["install", "--project", other(), "--mirror", place, "--json"], { env });
    const told = events(io).filter(({ event }) => event === "mirror");
    assertEquals(told.map(({ found, wanted, code }) => [found, wanted, code]), [
      [2, 2, undefined],
      [undefined, undefined, "hash_mismatch"],
    ]);
    const away = await run(["install", "--project", other(), "--mirror", "s3://elsewhere", "--json"], { env });
    assert(
      events(away.io).some(({ event, name, code }) => event === "mirror" && name === null && code === "not_found"),
    );
  }));

/** Rots an object as a disk does: everything the store says of it stays. */
function rot(objects: Map<string, StoredObject>, key: string): StoredObject {
  const object = objects.get(key)!;
  const bytes = object.bytes.slice();
  bytes[100]! ^= 1;
  objects.set(key, { ...object, bytes });
  return object;
}

Deno.test("civikit mirror --check reads what is there, says what is damaged, and replaces it", () =>
  inLab(async ({ run, project, env, s3, other }) => {
    await run(["mirror", project, place], { env });
    const objects = s3.objects();
    const [[rotten, object]] = [...objects] as [[string, StoredObject]];
    rot(objects, rotten);
    const plain = await run(["mirror", project, place], { env });
    assertMatch(plain.io.out, /2 there in /);

    const dry = await run(["mirror", project, place, "--check", "--dry-run", "--json"], { env });
    assertEquals(dry.code, 7, dry.io.err);
    const told = events(dry.io);
    assertEquals(told.map(({ event }) => event).filter((event) => event !== "progress").sort(), [
      ...["damaged", "proved", "summary"],
    ]);
    const damaged = told.find(({ event }) => event === "damaged")!;
    assertEquals([damaged["code"], damaged["from"]], ["hash_mismatch", "disk"]);
    assertMatch(String(damaged["damage"]), /SHA256 of what is stored there is /);

    const { code, io } = await run(["mirror", project, place, "--check"], { env });
    assertEquals(code, 0, io.err);
    assertMatch(
      io.err,
      /damaged: models\/.*SHA256 of what is stored there is [^]*replaced: models\/.* from the disk\)/,
    );
    assertMatch(io.out, /1 read and right \(.*\), 1 damaged and replaced in /);
    assertEquals(objects.get(rotten)!.bytes, object.bytes);

    // from the site, where the disk has it no more
    rot(objects, rotten);
    const again = await run(["mirror", other(), place, "--check", "--lang", "zh-TW"], { env });
    assertEquals(again.code, 0, again.io.err);
    assertMatch(again.io.err, /已換掉：.*來自 Civitai）/);
    assertMatch(again.io.out, /1 個讀過而且正確（.*）、1 個損壞並已換掉，花了/);
    assertEquals(objects.get(rotten)!.bytes, object.bytes);
  }));

Deno.test("civikit mirror replaces what the store itself says is another, and fails on what nobody can replace", () =>
  inLab(async ({ run, project, env, s3, civitai }) => {
    await run(["mirror", project, place], { env });
    const objects = s3.objects();
    const [[key, object], [gone]] = [...objects] as [[string, StoredObject], [string, StoredObject]];
    objects.set(key, { ...object, bytes: object.bytes.slice(1) });
    const { code, io } = await run(["mirror", project, place], { env });
    assertEquals(code, 0, io.err);
    assertMatch(io.out, /1 there, 1 damaged and replaced in /);
    assertEquals(objects.get(key)!.bytes, object.bytes);

    rot(objects, gone);
    for (const path of tree(project)) if (path.startsWith("models/")) Deno.removeSync(join(project, path));
    await civitai.close();
    const closed = { ...env, CIVIKIT_RETRY_MAX: "0" };
    const without = await run(["mirror", project, place, "--check", "--json"], { env: closed });
    assertEquals(without.code, 5, without.io.err);
    const failed = events(without.io).find(({ event }) => event === "error")!;
    assertMatch(String(failed["damage"]), /SHA256 of what is stored there/);
    assert(objects.has(gone), "what is damaged stays: some of it may be of use");
  }));

Deno.test("civikit mirror --check --budget reads the longest unread first, until so much is read", () =>
  inLab(async ({ run, project, env, s3 }) => {
    await run(["mirror", project, place], { env });
    const read = async (budget: string) => {
      const { code, io } = await run(["mirror", project, place, "--check", "--budget", budget, "--json"], { env });
      assertEquals(code, 0, io.err);
      return events(io).filter(({ event }) => event === "proved").map(({ path }) => path);
    };
    const gets = () => s3.log.filter(({ operation }) => operation === "GetObject").length;
    assertEquals([await read("0"), gets()], [[], 0]);
    const [first, second] = [await read("1"), await read("1")];
    assertEquals([first.length, second.length], [1, 1]);
    assertEquals([first[0] === second[0], await read("1"), gets()], [false, first, 3]);
    assertEquals((await read("1T")).length, 2);
    for (const wrong of [["--budget", "1G"], ["--check", "--budget", "much"]]) {
      assertEquals((await run(["mirror", project, place, ...wrong], { env })).code, 2);
    }
  }));

Deno.test("fillMirror spends the budget on the longest unread, also where its answer comes last", () =>
  inLab(async ({ run, project, env, s3, folder }) => {
    await run(["mirror", project, place], { env });
    using store = s3Store({ endpoint: s3.url, bucket: "models", prefix: "lab", credentials: s3.user });
    const answers: string[] = [];
    const second = Promise.withResolvers<void>();
    const held: FileStore = {
      ...store,
      async find(stored, signal) {
        const isFirst = answers.push(stored.name!) === 1;
        const found = await store.find(stored, signal);
        if (isFirst) await second.promise;
        else second.resolve();
        return found;
      },
    };
    using cache = hashCache(":memory:");
    const options = { spool: join(folder, "spool"), baseUrl: "https://civitai.com", cache, check: { budgetBytes: 1 } };
    const outcomes = await Array.fromAsync(fillMirror(openProject(project), held, noSite, options));
    assertEquals(answers.length, 2);
    assertEquals(outcomes.find(({ state }) => state === "proved")?.file.path.split("/").at(-1), answers[0]);
    assertEquals(outcomes.map(({ state }) => state).sort(), ["proved", "there"]);
  }));

Deno.test("civikit mirror of a store alone proves every file by its name, says what is damaged, and changes nothing", () =>
  inLab(async ({ run, project, env, s3 }) => {
    assertEquals((await run(["mirror", project, place], { env })).code, 0);
    s3.objects().set("lab/notes.txt", [...s3.objects().values()][0]!);
    const nowhere = join(project, "..", "nowhere");
    Deno.mkdirSync(nowhere);
    const own = { ...env, XDG_CACHE_HOME: nowhere };
    const alone = (...more: string[]) => run(["mirror", place, "--check", ...more], { env: own });
    const well = await alone("--json");
    const said = events(well.io).map(({ event }) => event).filter((event) => event !== "progress");
    assertEquals([well.code, said], [0, ["proved", "proved", "summary"]], well.io.err);
    const budget = await alone("--budget", "1");
    assertMatch(budget.io.out, /s3:\/\/models\/lab: 1 there, not read now, 1 read and right \(/);

    const [key, object] = [...s3.objects()].find(([key]) => key.includes("sha256"))!;
    const bytes = object.bytes.slice();
    bytes[5] = bytes[5]! ^ 1;
    s3.objects().set(key, { ...object, bytes });
    const ill = await alone("--json");
    const damaged = events(ill.io).find(({ event }) => event === "damaged")!;
    assertEquals([ill.code, damaged["sha256"]], [7, key.slice(-64)]);
    assertEquals(s3.objects().get(key)!.bytes, bytes);
    assertEquals((await run(["mirror", place], { env })).code, 2);
    assertEquals(
      (await run(["mirror", "s3://models/empty", "--check"], { env })).io.out.includes("nothing there"),
      true,
    );
  }));

Deno.test("civikit mirror says how far an empty file is", () =>
  inLab(async ({ run, project, env }) => {
    const path = join(project, "civikit.lock.json");
    const lock = JSON.parse(Deno.readTextFileSync(path));
    const [file] = lock.files;
    Object.assign(file, { sha256: await sha256("/dev/null"), bytes: 0, hashes: {} });
    Deno.writeTextFileSync(path, JSON.stringify(lock));
    Deno.writeFileSync(join(project, file.path), new Uint8Array());
    const { code, io } = await run(["mirror", project, place], { env, isTerminal: true, columns: 200 });
    assertEquals(code, 0, io.err);
    assertMatch(io.err, /storing .*: 100 %/);
    assert(!io.err.includes("NaN"), io.err);
  }));

Deno.test("civikit mirror lists unfinished uploads, and gives up those nobody went on with", () =>
  inLab(async ({ run, project, env, s3 }) => {
    const [{ sha256, path }] = JSON.parse(Deno.readTextFileSync(join(project, "civikit.lock.json"))).files;
    const key = `lab/sha256/${sha256.slice(0, 2).toLowerCase()}/${sha256.toLowerCase()}`;
    const startedMs = Date.now() - 3 * 24 * 3_600_000;
    const none = { meta: {}, algorithm: undefined, isFull: false, parts: new Map() };
    const uploads = s3.uploads() as Map<string, S3Upload>;
    uploads.set("one", { id: "one", key, startedMs, ...none });
    const dry = await run(["mirror", project, place, "--dry-run", "--json"], { env });
    const listed = events(dry.io).filter(({ event }) => event === "unfinished");
    assertEquals(listed.map((one) => [one["path"], one["startedMs"], one["isOld"]]), [[path, startedMs, false]]);
    const soon = await run(["mirror", project, place, "--dry-run", "--older-than", "2d"], { env });
    assertMatch(soon.io.out, /unfinished: models\/.*: would be given up/);
    await run(["mirror", project, place], { env });
    assertEquals(uploads.size, 1);
    const { io } = await run(["mirror", project, place, "--older-than", "2d"], { env });
    assertMatch(io.err, /given up: 1 unfinished upload /);
    assertEquals(uploads.size, 0);
  }));

Deno.test("civikit mirror says what is wrong with place, credentials and bucket", () =>
  inLab(async ({ run, project, env, s3 }) => {
    const said = async (args: string[], more: Record<string, string> = {}) => {
      const { code, io } = await run(["mirror", ...args], { env: { ...env, ...more } });
      assert(!io.err.includes(env["AWS_SECRET_ACCESS_KEY"]!));
      return `${code} ${io.err}`;
    };
    assertMatch(await said([project]), /^2 [^]*it takes a project's folder and a place/);
    assertMatch(await said([project, "models/lab"]), /^2 [^]*not an s3 address/);
    assertMatch(await said([project, "s3://elsewhere"]), /^4 [^]*No such bucket/);
    assertMatch(
      await said([project, place], { AWS_ACCESS_KEY_ID: "UNKNOWN" }),
      /^3 [^]*does not know these credentials/,
    );
    assertMatch(await said([project, place], { AWS_SECRET_ACCESS_KEY: "" }), /^2 [^]*AWS_SECRET_ACCESS_KEY is not/);
    assertMatch(await said([project, place], { AWS_REGION: "eu-west-3" }), /^2 [^]*the bucket's region is us-east-1/);
    assertMatch(await said([project, place], { AWS_ENDPOINT_URL_S3: "nowhere" }), /^2 [^]*endpoint/);
    assertEquals(s3.objects().size, 0);
  }));

Deno.test("credentials come from the profile that AWS_PROFILE names, too", () =>
  inLab(async ({ run, project, env, s3, folder }) => {
    const path = join(folder, "credentials");
    const { accessKeyId, secretAccessKey } = s3.user;
    Deno.writeTextFileSync(
      path,
      `[default]\naws_access_key_id = OTHER\naws_secret_access_key = other\n\n[lab]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
    );
    const own = { AWS_ENDPOINT_URL_S3: env["AWS_ENDPOINT_URL_S3"]!, AWS_SHARED_CREDENTIALS_FILE: path };
    const wrong = await run(["mirror", project, place], { env: own });
    assertEquals(wrong.code, 3, wrong.io.err);
    const missing = await run(["mirror", project, place], { env: { ...own, AWS_PROFILE: "nobody" } });
    assertMatch(missing.io.err, /there is no profile "nobody"/);
    const right = await run(["mirror", project, place], { env: { ...own, AWS_PROFILE: "lab" } });
    assertEquals(right.code, 0, right.io.err);
    assertEquals(s3.objects().size, 2);
  }));

Deno.test("civikit mirror speaks the language that is set", () =>
  inLab(async ({ run, project, env }) => {
    const { io } = await run(["mirror", project, place, "--lang", "zh-TW"], { env });
    assertMatch(io.out, /存入 2 個（送出 .*），花了/);
    assertMatch(io.err, /已存入：.*，來自磁碟）/);
  }));
