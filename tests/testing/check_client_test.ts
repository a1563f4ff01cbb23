import { assert, assertEquals, assertRejects } from "@std/assert";
import { checkClient, type CheckClientOptions, type RunClient, trials } from "../../testing/mod.ts";
import { createTransport, download } from "../../mod.ts";

const size = 4 * 1024 ** 2;

async function verdicts(run: RunClient, options: Partial<CheckClientOptions> = {}): Promise<Record<string, string>> {
  const directory = await Deno.makeTempDir();
  const found: Record<string, string> = {};
  try {
    for await (const { trial, verdict } of checkClient(run, { directory, size, ...options })) {
      found[trial.name] = verdict;
    }
    assertEquals([...Deno.readDirSync(directory)].length, 0, "folders of trials stayed behind");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  return found;
}

/** Asks once, looks at nothing, and writes what comes under the final name. */
const naive: RunClient = async ({ url, path, headers, signal }) => {
  const response = await fetch(url, { headers, signal });
  await Deno.writeFile(path, response.body!);
};

Deno.test("checkClient() tells a naive client what it does wrong", async () => {
  const only = trials(size).map(({ name }) => name);
  const soon = await verdicts(naive, { only: only.filter((name) => name !== "stall"), sendsHeaders: true });
  // what never ends is waited for, what ends is given the time it takes
  assertEquals({ ...soon, ...await verdicts(naive, { only: ["stall"], limitMs: 500 }) }, {
    plain: "right",
    resets: "left_broken",
    silent_end: "wrong",
    expired_link: "left_broken",
    replaced: "left_broken",
    wrong_bytes: "left_broken",
    ignored_range: "left_broken",
    shifted_range: "left_broken",
    busy: "wrong",
    stall: "endless",
    killed: "right",
    redirected_key: "right",
    login_page: "wrong",
    error_json: "wrong",
  });
});

Deno.test("checkClient() finds nothing wrong with civikit's own stack", async () => {
  using transport = createTransport({ idleMs: 2000 });
  const found = await verdicts(async ({ url, path, sha256, headers, signal }) => {
    await download(transport, new Request(url, { headers }), path, { hashes: { SHA256: sha256 }, signal });
  }, { sendsHeaders: true });
  const wrong = trials(size).filter(({ name, accepts }) => !accepts.some((one) => one === found[name]));
  assertEquals(wrong.map(({ name }) => [name, found[name]]), []);
});

Deno.test("checkClient() sees a key that goes along to another host", async () => {
  const leaking: RunClient = async ({ url, path, headers, signal }) => {
    const hop = await fetch(url, { headers, redirect: "manual", signal });
    await hop.body?.cancel();
    const response = await fetch(hop.headers.get("location")!, { headers, signal });
    await Deno.writeFile(path, response.body!);
  };
  assertEquals(await verdicts(leaking, { only: ["redirected_key"] }), { redirected_key: "leaked" });
});

Deno.test("checkClient() counts a code that is not 0 and a rejection as failures, and hands on both", async () => {
  const directory = await Deno.makeTempDir();
  const cause = new Error("no idea");
  const codes = [];
  for (const run of [() => Promise.resolve(3), () => Promise.reject(cause)]) {
    for await (const result of checkClient(run, { directory, size, only: ["login_page"] })) codes.push(result);
  }
  await Deno.remove(directory, { recursive: true });
  assertEquals(codes.map(({ code, error, verdict, isGood }) => ({ code, error, verdict, isGood })), [
    { code: 3, error: undefined, verdict: "refused", isGood: true },
    { code: 1, error: cause, verdict: "refused", isGood: true },
  ]);
});

Deno.test("checkClient() refuses what it cannot do and names it", async () => {
  for (
    const [options, word] of [[{ size: 10 }, "size"], [{ limitMs: 0 }, "limitMs"], [{ only: ["no"] }, "no"]] as const
  ) {
    const error = await assertRejects(() => verdicts(naive, options), RangeError);
    assert(error.message.includes(word), error.message);
  }
});
