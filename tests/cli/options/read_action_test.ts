import { assert, assertEquals, assertThrows } from "@std/assert";
import { loadCommands } from "../../../cli/commands/commands.ts";
import { ActionMissingError, UsageError } from "../../../cli/options/usage_error.ts";
import { readAction } from "../../../cli/options/read_action.ts";
import { inWorld } from "../_world.ts";

Deno.test("readAction() gives the action, and says of any other word which there are and which is near", () => {
  const actions = ["search", "get"] as const;
  assertEquals(readAction("get", actions), "get");
  for (
    const [text, message] of [
      [undefined, "action missing: one of search, get is due"],
      ["serch", 'action "serch": unknown, one of search, get is due; did you mean "search"?'],
      ["constructor", 'action "constructor": unknown, one of search, get is due'],
    ] as const
  ) {
    assertThrows(() => readAction(text, actions), text === undefined ? ActionMissingError : UsageError, message);
  }
  assertThrows(() => readAction(undefined, ["search"]), UsageError, "action missing: search is due");
  assertThrows(() => readAction("get", ["search"]), UsageError, 'action "get": unknown, search is due');
});

const withActions = (await loadCommands()).filter(({ actions }) => actions !== undefined);
/** Each has something to do without an action. */
const whole: ReadonlySet<string> = new Set(["sandbox"]);

Deno.test("a command without an action does the usual one, where there is one that only shows", () =>
  inWorld(async ({ folder, run }) => {
    const env = { HOME: folder, XDG_STATE_HOME: folder };
    const usual = withActions.filter(({ usualAction }) => usualAction !== undefined);
    assertEquals(usual.length, 15);
    for (const { name, actions, usualAction } of usual) {
      assert(actions!.includes(usualAction!), name);
      const [short, long] = [await run([name], { env }), await run([name, usualAction!], { env })];
      const told = ({ code, io }: typeof short) => [code, ...[io.out, io.err].map((text) => text.replace(/\d/g, "0"))];
      assertEquals(told(short), told(long), name);
      assert(short.io.out + short.io.err !== "", name);
    }
  }));

Deno.test("a command that has none shows its actions, as wrong usage", () =>
  inWorld(async ({ run }) => {
    for (const { name, actions, usualAction } of withActions) {
      if (usualAction !== undefined || whole.has(name)) continue;
      for (const locale of ["en", "zh-TW"] as const) {
        const { code, io } = await run([name, "--lang", locale], { env: {} });
        assertEquals([code, io.out], [2, ""], name);
        for (const action of actions!) assert(io.err.includes(action), `${name}: ${io.err}`);
        assert(io.err.endsWith(`civikit ${name} --help\n`), io.err);
        assert(!/^(?:error|錯誤)/m.test(io.err), io.err);
      }
    }
  }));

Deno.test("every command with actions says the same of one it does not have", () =>
  inWorld(async ({ run }) => {
    for (const { name, actions } of withActions) {
      const { code, io } = await run([name, "constructor"], { env: {} });
      const due = actions!.length > 1 ? "one of " : actions![0];
      const text = `error: action "constructor": unknown, ${due}`;
      assertEquals([code, io.err.includes(text)], [2, true], `${name}: ${io.err}`);
    }
  }));
