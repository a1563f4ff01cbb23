import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { namedFlags } from "../../cli/options/flags.ts";
import { commonFlags, versionFlags } from "../../cli/options/shared_flags.ts";
import { loadCommands } from "../../cli/commands/commands.ts";
import { commandHelp, programHelp } from "../../cli/help.ts";
import { elsewhere } from "../../cli/options/elsewhere.ts";
import { layoutNames } from "../../api/mod.ts";
import { errorCodes, errorReasons, hint } from "../../transport/mod.ts";
import { main } from "../../cli/mod.ts";
import { testIo } from "./_io.ts";
import { inWorld } from "./_world.ts";

const everything = { env: "inherit", read: "inherit", write: "inherit", sys: "inherit", run: "inherit" } as const;

const commands = await loadCommands();
const look = { locale: "en", columns: 100 } as const;

const everyOption = new Set(
  [commonFlags, versionFlags, ...commands.map(({ flags }) => flags)].flatMap(namedFlags).map(({ name }) => name),
);
/** Deno's own, and what a shell or another program is told. */
const foreignOptions = /^(?:allow-(?:net|read|write|env|sys|run|ffi|import)|global)$/;

/** What the program itself does, in sentences about it. */
const verbs = new Set(
  "can cannot does is keeps knows leaves logs replaces sends that under was will and to in".split(" "),
);

/** What is wrong with the commands, options and variables that `text` names. */
function faultsOf(text: string): string[] {
  const faults: string[] = [];
  const helps = programHelp(look);
  for (
    const [, name, rest = ""] of text.matchAll(/\bcivikit ([a-z][a-z-]*)((?: (?:[a-z][a-z-]*|<[^>]+>|--[a-z-]+))*)/g)
  ) {
    const command = commands.find((candidate) => candidate.name === name);
    if (command === undefined) {
      if (!verbs.has(name!)) faults.push(`no command "${name}"`);
      continue;
    }
    const [action] = rest.trim().split(" ");
    if (action && /^[a-z]/.test(action) && command.actions && !command.actions.includes(action)) {
      faults.push(`"${name}" has no action "${action}"`);
    }
    for (const [, option] of rest.matchAll(/--([a-z-]+)/g)) {
      if (!namedFlags({ ...command.flags, ...commonFlags }).some((flag) => flag.name === option)) {
        faults.push(`"${name}" has no option --${option}`);
      }
    }
  }
  for (const [, option] of text.matchAll(/--([a-z][a-z\d-]*)/g)) {
    if (!everyOption.has(option!) && !foreignOptions.test(option!)) faults.push(`no option --${option}`);
  }
  for (const [name] of text.matchAll(/\b(?:CIVITAI|CIVIKIT)_[A-Z_]+\b/g)) {
    if (!helps.includes(name) && !commands.some((command) => commandHelp(command, look).includes(name))) {
      faults.push(`no variable ${name}`);
    }
  }
  return faults;
}

Deno.test("every hint names commands, actions, options and variables that exist, in both languages", () => {
  let named = 0;
  for (const locale of ["en", "zh-TW"] as const) {
    const all = [
      ...errorCodes.map((code) => hint(code, locale)),
      ...errorReasons.map((reason) => hint({ code: "invalid_argument", reason }, locale)),
    ];
    for (const { title, cause, action } of all) {
      for (const text of [title, cause, action]) {
        assertEquals(faultsOf(text), [], text);
        named += [...text.matchAll(/civikit [a-z]|--[a-z]|CIVI/g)].length;
      }
    }
  }
  assert(named > 60, String(named));
});

Deno.test("both languages of a hint name the same commands, options, variables and addresses", () => {
  const names = (text: string) =>
    [...text.matchAll(/\bcivikit [a-z]+ (?:search|get)|--[a-z\d-]+|CIVI[A-Z_]+|https?:\/\/[\w./]+\w/g)].map(String)
      .sort();
  for (const name of [...errorCodes, ...errorReasons]) {
    const failure = (errorReasons as readonly string[]).includes(name)
      ? { code: "invalid_argument", reason: name as typeof errorReasons[number] } as const
      : name as typeof errorCodes[number];
    assertEquals(names(hint(failure, "zh-TW").action), names(hint(failure).action), name);
  }
});

Deno.test("the test of hints finds what does not exist", () => {
  assertEquals(
    faultsOf("see civikit signin, civikit models find, civikit scan --resume --frobnicate, CIVIKIT_NONE"),
    [
      'no command "signin"',
      '"models" has no action "find"',
      '"scan" has no option --resume',
      '"scan" has no option --frobnicate',
      "no option --frobnicate",
      "no variable CIVIKIT_NONE",
    ],
  );
});

Deno.test("the hint of an unknown layout names every layout there is", () => {
  for (const locale of ["en", "zh-TW"] as const) {
    const { action } = hint({ code: "invalid_config", reason: "unknown_layout" }, locale);
    for (const name of layoutNames) assert(action.includes(name), action);
  }
});

const meant: Readonly<Record<string, RegExp>> = {
  search: /civikit models search/,
  list: /civikit scan --all/,
  info: /civikit models get/,
  get: /civikit download/,
  pull: /civikit download/,
  dl: /civikit download/,
  auth: /civikit login/,
  signout: /civikit logout/,
  "self-update": /did you mean: civikit upgrade/,
  uninstall: /deno uninstall/,
  settings: /civikit config list/,
  updates: /civikit scan --updates/,
  downlaod: /did you mean "download"/,
  modles: /did you mean "models"/,
  isntall: /did you mean "install"/,
  inst: /did you mean "install"/,
};

for (const [word, pointer] of Object.entries(meant)) {
  Deno.test(`civikit ${word} points to what is meant`, () =>
    inWorld(async ({ run }) => {
      const { code, io } = await run([word]);
      assertEquals(code, 2);
      assert(pointer.test(io.err), io.err);
      assert(io.err.endsWith("See: civikit --help\n"), io.err);
      assert(!/did you mean "(?:logs|update|add)"/.test(io.err), io.err);
    }));
}

Deno.test("what civikit points to exists", () => {
  for (const [word, advice] of elsewhere) {
    assertEquals([...faultsOf(advice.en), ...faultsOf(advice["zh-TW"])], [], word);
    assert(!commands.some(({ name }) => name === word), word);
  }
});

Deno.test("an unknown command that is like none gets no suggestion", () =>
  inWorld(async ({ run }) => {
    for (const word of ["frobnicate", "zz", "garble", "upload", "x"]) {
      const { io } = await run([word]);
      assert(!io.err.includes("did you mean") && io.err.endsWith("See: civikit --help\n"), io.err);
    }
  }));

const cases: readonly (readonly [args: readonly string[], code: number, said: RegExp, notSaid?: RegExp])[] = [
  [["download", "--from", "nope.txt"], 8, /No such list.*--from -/s, /--dir|Folder/],
  [["versions", "by-hash", "nofile.bin"], 8, /No such file.*typing errors/s, /--dir|Folder missing/],
  [["logs", "errors", "nofile.log"], 8, /No such file/, /--dir|Folder missing/],
  [["users", "get", "nobody_of_this_name"], 4, /No such user.*civikit users search/s, /model/],
  [["images", "get", "1"], 4, /No such image.*images\/<id>/s, /model's page/],
  [["models", "get", "99999"], 4, /No such model.*civikit models search/s],
  [["download", "99999"], 4, /No such version.*model:<id>/s],
  [["whoami"], 3, /no API key is set.*civikit login/s, /not accepted/],
  [["download", "2080"], 3, /no API key is set.*civikit login/s],
  [["install"], 2, /No project here.*civikit add/s, /--help/],
  [["models", "search", "--sort", "nowest"], 2, /did you mean "Newest"/],
  [["models", "search", "--period", "fortnight"], 2, /AllTime, Year, Month, Week, Day/],
  [["models", "search", "--type", "Lroa"], 2, /did you mean "LORA".*civikit enums ModelType/s],
  [["models", "search", "--base", "SDXL"], 2, /did you mean "SDXL [^"]+".*civikit enums BaseModel/s],
  [["models", "search", "--tag", "no such tag"], 2, /Unknown word.*civikit tags search/s],
  [["images", "search", "--sort", "random2"], 2, /did you mean "Random"/],
  [["images", "search", "--type", "picture"], 2, /image, video, audio/],
  [["add", "2001", "--layout", "comfy"], 2, /did you mean "comfyui"/],
  [["add", "2001", "--layout", "models"], 2, /one of a1111, forge, comfyui.*\{file\}/s],
];

for (const [args, expected, said, notSaid] of cases) {
  Deno.test(`civikit ${args.join(" ")} is told what helps`, () =>
    inWorld(async ({ run }) => {
      const { code, io } = await run(args);
      assertEquals(code, expected, io.err);
      assert(said.test(io.err), io.err);
      assert(notSaid === undefined || !notSaid.test(io.err), io.err);
    }));
}

Deno.test("a key that was sent and refused is not told to be set", () =>
  inWorld(async ({ run }) => {
    for (const args of [["download", "2080"], ["whoami"]]) {
      const { code, io } = await run(args, { env: { CIVITAI_API_KEY: "expired-key-1234567890" } });
      assertEquals(code, 3);
      assert(/was sent, and Civitai refused it.*civikit whoami/s.test(io.err), io.err);
      assert(!/civikit login/.test(io.err), io.err);
    }
  }));

Deno.test("words of options count in upper and lower case alike, and with spaces left out", () =>
  inWorld(async ({ civitai, run }) => {
    await run([
      "models",
      "search",
      "--type",
      "Lora,checkpoint",
      "--base",
      "sdxl 1.0",
      "--sort",
      "newest",
      "--period",
      "week",
    ]);
    await run(["models", "search", "--sort", "most-downloaded", "--type", "LORA"]);
    await run(["images", "search", "--sort", "mostreactions", "--period", "alltime", "--type", "Video"]);
    const asked = civitai.log.map((entry) => decodeURIComponent(String(entry.query)).replaceAll("+", " ")).join("\n");
    for (const part of ["types=LORA", "types=Checkpoint", "baseModels=SDXL 1.0", "sort=Newest", "period=Week"]) {
      assert(asked.includes(part), `${part}:\n${asked}`);
    }
    for (const part of ["sort=Most Downloaded", "sort=Most Reactions", "period=AllTime", "type=video"]) {
      assert(asked.includes(part), `${part}:\n${asked}`);
    }
  }));

Deno.test("civikit add takes a layout in upper and lower case alike", () =>
  inWorld(async ({ folder, run }) => {
    const { code, io } = await run(["add", "2001", "--layout", "ComfyUI", "--project", folder, "--no-install"]);
    assertEquals(code, 0, io.err);
    const manifest = JSON.parse(await Deno.readTextFile(join(folder, "civikit.models.json")));
    assertEquals(manifest.layout, "comfyui");
  }));

Deno.test("a port that is in use is told as that, with the option that helps", () =>
  inWorld(async ({ folder, run }) => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const env = { CIVIKIT_STATE_DIR: folder };
    const { code, io } = await run(["serve", "--port", String((taken.addr as Deno.NetAddr).port)], { env });
    assertEquals(code, 2, io.err);
    assert(/Port in use.*--port/s.test(io.err), io.err);
  }));

Deno.test({
  name: "a port that civikit has no right to is told as that, with the line that installs it anew",
  permissions: { ...everything, net: false },
  async fn() {
    const folder = await Deno.makeTempDir();
    const io = testIo({ env: { CIVIKIT_STATE_DIR: folder } });
    assertEquals(await main(["serve", "--port", "0"], io), 8, io.err);
    await Deno.remove(folder, { recursive: true });
    assert(/right to reach this host.*--allow-net.*deno install/s.test(io.err), io.err);
  },
});

Deno.test("a truncated model is told as damage, with the command that brings it back", () =>
  inWorld(async ({ folder, run }) => {
    const bytes = new Uint8Array(100);
    new DataView(bytes.buffer).setBigUint64(0, 5000n, true);
    await Deno.writeFile(join(folder, "cut.safetensors"), bytes);
    const { code, io } = await run(["verify", folder]);
    assert(code === 7 && /model file is damaged.*civikit download/s.test(io.err), io.err);
  }));
