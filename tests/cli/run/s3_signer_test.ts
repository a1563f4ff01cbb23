import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { s3Signer } from "../../../cli/run/s3_signer.ts";
import { s3Store } from "../../../fleet/mod.ts";
import { embeddedS3, type EmbeddedS3Server } from "../../../testing/mod.ts";
import { cutSecrets } from "../../../transport/internal.ts";
import { InputError } from "../../../transport/mod.ts";

const secretOf = (name: string) => `secret/of/${name}/0123456789abcdef0123456789`;
const users = Object.fromEntries(["FIRST", "SECOND"].map((name) => [name, { secretAccessKey: secretOf(name) }]));

function profile(name: string, token = ""): string {
  return `[default]\naws_access_key_id = ${name}\naws_secret_access_key = ${secretOf(name)}\n${token}`;
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A store, and who may use it: with `only`, the others are unknown there. */
function storeOf(server: EmbeddedS3Server, credentials: ReturnType<typeof s3Signer>) {
  return s3Store({ endpoint: server.url, bucket: "models", credentials, transport: { retry: { delayMs: 1 } } });
}

const absent = { sha256: "ab".repeat(32), bytes: 7, name: "absent.safetensors" };
const envOf = (values: Record<string, string>) => (name: string) => values[name];

Deno.test("s3Signer() reads the shared file again once it has changed, and keeps what it knew while that is half written", () =>
  inFolder(async (folder) => {
    const path = join(folder, "credentials");
    Deno.writeTextFileSync(path, profile("FIRST"));
    const signer = s3Signer(envOf({ AWS_SHARED_CREDENTIALS_FILE: path }));
    const now = async () => (await signer())?.accessKeyId;
    assertEquals(await now(), "FIRST");
    Deno.writeTextFileSync(path, "[default]\naws_access_key_id = SEC");
    assertEquals(await now(), "FIRST");
    // whoever writes it anew begins with nothing
    Deno.writeTextFileSync(path, "");
    assertEquals(await now(), "FIRST");
    Deno.writeTextFileSync(path, profile("SECOND", "aws_session_token = token-of-second-0123456789\n"));
    assertEquals(await now(), "SECOND");
    assertEquals((await signer())!.sessionToken, "token-of-second-0123456789");
    assertEquals(cutSecrets(`${secretOf("SECOND")} token-of-second-0123456789`), "[redacted] [redacted]");

    // the environment goes first, and does not change
    const own = s3Signer(envOf({
      ...{ AWS_SHARED_CREDENTIALS_FILE: path, AWS_ACCESS_KEY_ID: "OWN", AWS_SECRET_ACCESS_KEY: "own/secret" },
    }));
    Deno.writeTextFileSync(path, profile("FIRST"));
    assertEquals((await own())?.accessKeyId, "OWN");
  }));

Deno.test("a store whose credentials end goes on with those the file has by then, also in the middle of an upload", () =>
  inFolder(async (folder) => {
    await using server = embeddedS3({ users }).listen();
    const path = join(folder, "credentials");
    Deno.writeTextFileSync(path, profile("FIRST"));
    const signer = s3Signer(envOf({ AWS_SHARED_CREDENTIALS_FILE: path }));
    const asked: string[] = [];
    using store = storeOf(server, async (refused) => {
      // they end between two requests, and somebody renews the file only once the store has said so
      if (refused !== undefined) Deno.writeTextFileSync(path, profile("SECOND"));
      const found = await signer(refused);
      asked.push(found!.accessKeyId);
      return found;
    });
    const file = join(folder, "model.safetensors");
    Deno.writeTextFileSync(file, "tensors");
    server.add({ kind: "refuse", status: 400, code: "ExpiredToken", on: "HeadObject" });
    assertEquals(await store.find(absent), undefined);
    assertEquals(asked, ["FIRST", "SECOND"]);
    server.add({ kind: "refuse", status: 400, code: "ExpiredToken", on: "PutObject" });
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode("tensors"))).toHex();
    await store.put(file, { sha256: digest, bytes: 7, name: "model.safetensors" });
    assertEquals(server.objects().size, 1);
  }));

Deno.test("s3Signer() asks a container's service, with its token, and again when what it gave has ended or is refused", () =>
  inFolder(async (folder) => {
    await using s3 = embeddedS3({ users: { SECOND: users["SECOND"]! } }).listen();
    const asked: (string | null)[] = [];
    const given = ["ENDING", "FIRST", "SECOND"];
    await using service = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ headers }) => {
      const name = given[asked.push(headers.get("authorization")) - 1];
      if (name === undefined) return new Response("no more", { status: 500 });
      const Expiration = new Date(Date.now() + (name === "ENDING" ? 60_000 : 3_600_000)).toISOString();
      return Response.json({
        AccessKeyId: name,
        SecretAccessKey: secretOf(name),
        Token: "token-0123456789abcdef",
        Expiration,
      });
    });
    const token = join(folder, "token");
    Deno.writeTextFileSync(token, "Bearer of-the-pod-0123456789\n");
    const signer = s3Signer(envOf({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${service.addr.port}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: token,
    }));
    assertEquals((await signer())?.accessKeyId, "ENDING");
    // it ends in a minute; the next is not known to the store, and the one after it is
    using store = storeOf(s3, signer);
    assertEquals(await store.find(absent), undefined);
    assertEquals(asked, Array(3).fill("Bearer of-the-pod-0123456789"));
    const known = (await signer())!;
    assertEquals([known.accessKeyId, asked.length], ["SECOND", 3]);
    const error = await assertRejects(async () => await signer(known), InputError, "gives status 500");
    assertEquals(error.message.includes("of-the-pod"), false);
  }));

Deno.test("s3Signer() sends a container's token to this machine, Amazon's addresses and https alone", () => {
  for (const url of ["http://gpu.lan/credentials", "http://169.254.169.254/", "ftp://127.0.0.1/", "nonsense"]) {
    const env = envOf({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url });
    assertThrows(() => s3Signer(env), InputError, "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https");
  }
  for (
    const url of ["http://169.254.170.23/v1", "http://[fd00:ec2::23]/v1", "http://localhost:1/", "https://vault.lan/"]
  ) {
    s3Signer(envOf({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url }));
  }
  s3Signer(envOf({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/1" }));
});

Deno.test("s3Signer() takes a file below something that is no folder for one that is not there", async () => {
  const signer = s3Signer(envOf({ AWS_SHARED_CREDENTIALS_FILE: join(Deno.execPath(), "credentials") }));
  assertEquals(await signer(), undefined);
});

Deno.test("s3Signer() goes on with what a container's service gave while that is away and they have not ended", async () => {
  let isAway = false;
  await using service = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    if (isAway) return new Response(null, { status: 503 });
    const Expiration = new Date(Date.now() + 120_000).toISOString();
    return Response.json({ AccessKeyId: "FIRST", SecretAccessKey: secretOf("FIRST"), Token: null, Expiration });
  });
  const url = `http://127.0.0.1:${service.addr.port}/`;
  const signer = s3Signer(envOf({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url }));
  const first = (await signer())!;
  // null is no token, and cannot be signed
  assertEquals([first.accessKeyId, first.sessionToken], ["FIRST", undefined]);
  isAway = true;
  assertEquals(await signer(), first);
  await assertRejects(async () => await signer(first), InputError, "gives status 503");
});

Deno.test("s3Signer() says what a container's service lacks, and shows no token", () =>
  inFolder(async (folder) => {
    const answers: Record<string, unknown> = {
      "/number": { AccessKeyId: 1, SecretAccessKey: 2 },
      "/lines": { AccessKeyId: "TWO\nLINES", SecretAccessKey: secretOf("LINES") },
    };
    await using service = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      ({ url }) => Response.json(answers[new URL(url).pathname]),
    );
    const refusal = async (path: string, more: Record<string, string> = {}) => {
      const url = `http://127.0.0.1:${service.addr.port}${path}`;
      const signer = s3Signer(envOf({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url, ...more }));
      return (await assertRejects(async () => await signer(), InputError)).message;
    };
    assertStringIncludes(await refusal("/number"), "gives no credentials");
    assertStringIncludes(await refusal("/lines"), "plain characters");
    const file = join(folder, "token");
    assertStringIncludes(await refusal("/", { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file }), "cannot be read");
    Deno.writeTextFileSync(file, "Bearer of-two\nlines-0123456789");
    const message = await refusal("/", { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file });
    assertEquals(message.includes("of-two"), false);
    assertStringIncludes(message, "could not be asked");
  }));
