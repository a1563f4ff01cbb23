import { assert, assertEquals } from "@std/assert";
import { commands, loadCommands } from "../../cli/commands/commands.ts";
import { firstOperand, splitArgs } from "../../cli/options/args.ts";
import { type Flags, namedFlags } from "../../cli/options/flags.ts";
import { commonFlags, versionFlags } from "../../cli/options/shared_flags.ts";
import { readTextValue } from "../../cli/settings/read_value.ts";
import { isSettingKey, settingRow } from "../../cli/settings/table.ts";
import { blocksOf, civikitCommands, documents } from "./_documents.ts";

/** Words that stand for something to fill in. */
const isOpen = (word: string) => /[<>…]|\.\.\.|^[A-Z]{2,}$/.test(word);

const loaded = await loadCommands();

/** What is wrong with a command as it is written; undefined when nothing is. */
async function faultOf(words: readonly string[]): Promise<string | undefined> {
  const leading: Flags = Object.assign({}, commonFlags, versionFlags, ...loaded.map(({ flags }) => flags));
  const at = firstOperand(words, leading);
  const name = words[at];
  if (name === undefined || isOpen(name)) return undefined;
  if (name === "help") return undefined;
  const entry = commands.find((command) => command.name === name);
  if (entry === undefined) return `there is no command "${name}"`;
  const command = await entry.load();
  const flags: Flags = { ...command.flags, ...commonFlags };
  const parsed = splitArgs(
    [...words.slice(0, at), ...words.slice(at + 1)].filter((word) => !/^\[|\]$/.test(word)),
    flags,
  );
  if (!words.some(isOpen)) parsed.read();
  const [action, key, value] = parsed.operands;
  if (command.actions && action !== undefined && !isOpen(action) && !command.actions.includes(action)) {
    const isWord = ["serve", "config", "cache", "queue", "service", "logs", "extension", "layout"].includes(name);
    if (isWord) return `"${action}" is none of ${command.actions.join(", ")}`;
  }
  if (name === "config" && ["get", "set", "unset"].includes(action ?? "") && key !== undefined && !isOpen(key)) {
    const [map = ""] = /^(?:folders|headers)(?=\.)/.exec(key) ?? [];
    if (map !== "") return undefined;
    if (!isSettingKey(key)) return `there is no setting "${key}"`;
    if (action === "set" && value !== undefined && !isOpen(value)) readTextValue(settingRow(key), value);
  }
  return undefined;
}

Deno.test("every civikit command in the documents is one: command, options, values, settings", async () => {
  const faults: string[] = [];
  let count = 0;
  for (const document of await documents()) {
    const shells = blocksOf(document).filter(({ language }) => /^(?:sh|bash|console)/.test(language));
    const spans = [...document.text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/`(civikit [^`]+)`/g)];
    const pieces = [
      ...shells.map(({ place, code }) => ({ place, code })),
      ...spans.map(([, code]) => ({ place: document.path, code: code! })),
    ];
    for (const { place, code } of pieces) {
      for (const words of civikitCommands(code)) {
        count++;
        const fault = await faultOf(words).catch((error) => error.message);
        if (fault !== undefined) faults.push(`${place}: civikit ${words.join(" ")}: ${fault}`);
      }
    }
  }
  assert(count > 150, `only ${count} commands were found`);
  assertEquals(faults, []);
});

/** Options of other programs that the documents speak of. */
const others = /^--(?:allow-|import-map|checksum|chunk-size|v8-flags|api\b)/;

Deno.test("every option that the user guides name in a word of its own is one", async () => {
  const options = new Set(
    [commonFlags, versionFlags, ...loaded.map(({ flags }) => flags)].flatMap(namedFlags)
      .flatMap(({ name }) => [name, `no-${name}`]),
  );
  const faults: string[] = [];
  for (const { path, text } of await documents()) {
    if (!/user_guide|troubleshooting|settings|index|README/.test(path)) continue;
    for (const [, name] of text.matchAll(/`--([a-z][a-z0-9-]*)[^`]*`/g)) {
      if (!options.has(name!) && !others.test(`--${name}`)) faults.push(`${path}: --${name}`);
    }
  }
  assertEquals(faults, []);
});

Deno.test("the check of commands finds what is wrong", async () => {
  const wrong = [
    ["dowload", "1"],
    ["download", "--frob", "1"],
    ["download", "--jobs", "99", "1"],
    ["config", "set", "no.such", "1"],
    ["config", "set", "retry.max", "many"],
    ["config", "gte", "retry.max"],
  ];
  for (const words of wrong) {
    assert(await faultOf(words).catch((error) => error.message) !== undefined, words.join(" "));
  }
  assertEquals(
    civikitCommands("A=1 civikit scan 'my models' | head # civikit x\n$ deno task civikit help && \\\n civikit whoami"),
    [
      ["scan", "my models"],
      ["help"],
      ["whoami"],
    ],
  );
});
