import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Io, processIo } from "../../cli/mod.ts";
import { registryFlags } from "../../tools/registry.ts";
import { demo } from "./demo.ts";
import { exists } from "./evidence.ts";
import { stage } from "./stage.ts";

interface Recording extends Io {
  readonly out: string;
  readonly err: string;
}

/** An {@linkcode Io} that records; `onText` sees everything and gets what presses Ctrl-C. */
function recording(onText: (text: string, interrupt: () => void) => void = () => {}): Recording {
  let out = "";
  let err = "";
  const listeners = new Set<(signal: Deno.Signal) => void>();
  const interrupt = () => listeners.forEach((listener) => listener("SIGINT"));
  return {
    ...processIo(),
    askSecret: () => Promise.resolve(null),
    ask: () => Promise.resolve(null),
    isTerminal: false,
    isOutTerminal: false,
    env: (name) => name === "NO_COLOR" ? "1" : undefined,
    stdout(text) {
      out += text;
      onText(text, interrupt);
    },
    stderr(text) {
      err += text;
      onText(text, interrupt);
    },
    onInterrupt(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    get out() {
      return out;
    },
    get err() {
      return err;
    },
  };
}

Deno.test("demo() survives resets, an expired link, kill -9 and a bad bit, proves it, and cleans up", async () => {
  const io = recording();
  const code = await demo(io, { megabytes: 24 });
  assertEquals(code, 0, io.out + io.err);
  const claims = io.out.split("\n").filter((line) => /^ {2}(ok {4}|FAILED) /.test(line));
  assertEquals(claims.length, 13, io.out);
  assertMatch(io.out, /kill -9 hit the process after the storage had sent 1\d\.\d MB/);
  assertMatch(io.out, /the API gave \d+ new link/);
  const [source, disk] = [/source: ([0-9A-F]{64})/, /tensors: ([0-9A-F]{64})/].map((form) => form.exec(io.out)?.[1]);
  assertEquals(disk, source, io.out);
  assertMatch(io.out, /All 13 claims hold\./);
  const folder = /\/\S*civikit_demo_\w+|[A-Z]:\\\S*civikit_demo_\w+/.exec(io.err)?.[0];
  assert(folder !== undefined && !await exists(folder), `left behind: ${folder}`);
});

Deno.test("demo() ends with 130 at Ctrl-C and leaves no process behind", async () => {
  const io = recording((text, interrupt) => {
    if (text.includes("$ civikit download")) interrupt();
  });
  assertEquals(await demo(io, { megabytes: 24 }), 130, io.out + io.err);
  assert(!io.out.includes("claims hold"), io.out);
});

Deno.test("demo: a claim that does not hold is counted and shown", () => {
  const io = recording();
  const tale = stage(io);
  tale.check(true, "water is wet");
  tale.check(false, "pigs fly");
  assertEquals([tale.claims, ...tale.broken], [2, "pigs fly"]);
  assertMatch(io.out, /FAILED {2}pigs fly/);
});

Deno.test("deno task demo refuses a size it cannot show anything with", async () => {
  const main = new URL("main.ts", import.meta.url).href;
  const root = new URL("../../", import.meta.url);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", ...await registryFlags(), main, "--megabytes", "1"],
    cwd: root,
  }).output();
  assertEquals(code, 2);
  assertMatch(new TextDecoder().decode(stderr), /--megabytes N/);
});
