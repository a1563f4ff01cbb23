import { assert, assertEquals } from "@std/assert";
import { delimiter, dirname, join } from "node:path";
import { embeddedCivitai } from "../../testing/mod.ts";
import { catalogue } from "../../testing/civitai/catalogue.ts";
import { bundle } from "../_support/bundle.ts";
import { blocksOf, copyCheckout, documents } from "./_documents.ts";
import { freePort } from "../_support/free_port.ts";

const guide = (await documents()).find(({ path }) => path === "docs/deployment_guide.md")!;

/** The `sh` blocks below a heading, up to the next one. */
function blocksBelow(heading: string): string[] {
  const [, text] = guide.text.split(`\n${heading}\n`);
  assert(text !== undefined, `the guide has no "${heading}"`);
  return blocksOf({ path: guide.path, text: text.replace(/\n#{2,3} [^]*/, "\n") })
    .filter(({ language }) => language === "sh").map(({ code }) => code);
}

/** What a test cannot run, and why not. */
const leftOut: readonly (readonly [RegExp, string])[] = [
  [/^systemctl --user /, "there is no manager of services for whoever runs tests; the unit's own line is run instead"],
  [/^loginctl /, "it changes what this machine does without a log-in"],
  [/^journalctl --user .*-f\b/, "it goes on until it is stopped"],
];

/** The block without what a test cannot run. */
function runnable(block: string): string {
  return block.split("\n").filter((line) => !leftOut.some(([pattern]) => pattern.test(line))).join("\n");
}

const hasBash = Deno.build.os !== "windows" &&
  new Deno.Command("sh", { args: ["-c", "command -v bash"], stdout: "null" }).outputSync().success;

const longestMs = 120_000;

/** A machine that nothing was done on: a home with nothing in it, and an environment that has no more than it needs. */
class Machine implements AsyncDisposable {
  readonly home: string = Deno.makeTempDirSync({ prefix: "civikit_paste_" });
  readonly port: number;
  readonly #env: Readonly<Record<string, string>>;
  readonly #running: Deno.ChildProcess[] = [];

  constructor(site: string) {
    this.port = freePort();
    const { DENO_DIR, XDG_CACHE_HOME, HOME = "." } = Deno.env.toObject();
    this.#env = {
      HOME: this.home,
      PATH: [dirname(Deno.execPath()), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter),
      // packages that are here already need not be fetched again
      DENO_DIR: DENO_DIR ?? join(XDG_CACHE_HOME ?? join(HOME, ".cache"), "deno"),
      CIVIKIT_BASE_URL: site,
      // tests run beside each other
      CIVIKIT_SERVE_PORT: String(this.port),
    };
  }

  #spawn(script: string): Deno.ChildProcess {
    return new Deno.Command("bash", {
      args: ["-e", "-c", script],
      cwd: this.home,
      clearEnv: true,
      env: { ...this.#env },
      ...{ stdin: "null", stdout: "piped", stderr: "piped", detached: true },
    }).spawn();
  }

  /** Pastes a block that ends. */
  async paste(script: string): Promise<string> {
    const child = this.#spawn(script);
    const timer = setTimeout(() => Deno.kill(-child.pid, "SIGKILL"), longestMs);
    const { code, stdout, stderr } = await child.output();
    clearTimeout(timer);
    const text = new TextDecoder().decode(stdout);
    assertEquals(code, 0, `${script}\n${text}${new TextDecoder().decode(stderr)}`);
    return text;
  }

  /** Pastes a block whose last command serves, and comes back once it does. */
  async start(script: string): Promise<void> {
    const child = this.#spawn(script);
    this.#running.push(child);
    const timer = setTimeout(() => Deno.kill(-child.pid, "SIGKILL"), longestMs);
    const errors = new Response(child.stderr).text();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += part.value;
      if (text.includes(`http://127.0.0.1:${this.port}/`)) break;
    }
    reader.releaseLock();
    clearTimeout(timer);
    if (!text.includes(`http://127.0.0.1:${this.port}/`)) assert(false, `${script}\n${text}${await errors}`);
  }

  /** What runs there is well, by its own word. */
  async assertHealthy(): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${this.port}/healthz`);
    const text = await response.text();
    assertEquals(response.status, 200, text);
  }

  /** As if the terminals were closed by Ctrl-C, and the machine thrown away. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#running) {
      try {
        Deno.kill(-child.pid, "SIGINT");
      } catch (error) {
        // it has ended already, and the test says of what
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
      await child.status;
    }
    await Deno.remove(this.home, { recursive: true });
  }
}

const [lantern] = catalogue();

/** A Civitai that has the model of the guide. */
const site = () => embeddedCivitai({ models: [{ ...lantern!, id: 4384 }] }).listen();

/** The file in `folder` is the one that the site publishes. */
async function assertPublished(folder: string, url: string): Promise<void> {
  const model = await (await fetch(`${url}/api/v1/models/4384`)).json();
  const [{ name, hashes }] = model.modelVersions[0].files;
  const bytes = await Deno.readFile(join(folder, name));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  assertEquals(digest, hashes.SHA256.toLowerCase());
}

Deno.test({
  name: `the checkout of the deployment guide, pasted, serves and has a verified file${hasBash ? "" : ": no bash"}`,
  ignore: !hasBash,
  async fn() {
    const checkout = await Deno.makeTempDir({ prefix: "civikit_checkout_" });
    try {
      await copyCheckout(checkout);
      await using civitai = await site();
      await using machine = new Machine(civitai.url);
      const [serving, looking, ...more] = blocksBelow("## 從原始碼執行");
      assertEquals(more, []);
      const address = /^git clone https:\/\/github\.com\/civikit\/civikit\.git$/m;
      assert(address.test(serving!), serving);
      await machine.start(serving!.replace(address, `cp -R '${checkout}' civikit`));
      await machine.assertHealthy();
      await machine.paste(looking!);
      await assertPublished(join(machine.home, "models"), civitai.url);
      await machine.assertHealthy();
    } finally {
      await Deno.remove(checkout, { recursive: true });
    }
  },
});

Deno.test({
  name: `the user's service of the deployment guide, pasted, serves and has a verified file${
    hasBash ? "" : ": no bash"
  }`,
  ignore: !hasBash || Deno.build.os !== "linux",
  async fn() {
    const { entry } = await bundle();
    await using civitai = await site();
    await using machine = new Machine(civitai.url);
    const [installing] = blocksBelow("## 用 deno install 安裝");
    const [keeping] = blocksBelow("### Linux：自己的服務（systemd --user）");
    const [looking] = blocksBelow("## 作為服務執行");
    const all = [installing, keeping, looking].join("\n");
    for (const [pattern, why] of leftOut) assert(all.split("\n").some((line) => pattern.test(line)), why);
    await machine.paste(installing!.replace("jsr:@civikit/civikit/cli", `'${entry}'`));
    await assertPublished(join(machine.home, "models"), civitai.url);

    const path = `export PATH="$HOME/.deno/bin:$PATH"\n`;
    await machine.paste(path + runnable(keeping!));
    const unit = await Deno.readTextFile(join(machine.home, ".config/systemd/user/civikit.service"));
    const [, command] = /^ExecStart=(.+)$/m.exec(unit)!;
    const variables = [...unit.matchAll(/^Environment=(.+)$/gm)].map(([, one]) => `export ${one}\n`);
    await machine.start(`${variables.join("")}exec ${command}`);
    await machine.assertHealthy();
    await machine.paste(path + runnable(looking!));
    await machine.assertHealthy();
  },
});
