import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../cli/options/usage_error.ts";
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
    assertThrows(() => readAction(text, actions), UsageError, message);
  }
  assertThrows(() => readAction(undefined, ["search"]), UsageError, "action missing: search is due");
  assertThrows(() => readAction("get", ["search"]), UsageError, 'action "get": unknown, search is due');
});

Deno.test("every command with actions says the same where none or an unknown one is given", () =>
  inWorld(async ({ run }) => {
    for (const name of ["models", "versions", "images", "creators", "tags", "users", "cache", "logs"]) {
      const due = ["creators", "tags"].includes(name) ? "search is due" : "one of ";
      for (const [args, state] of [[[], "missing:"], [["constructor"], '"constructor": unknown,']] as const) {
        const { code, io } = await run([name, ...args], { env: {} });
        assertEquals([code, io.err.includes(`error: action ${state} ${due}`)], [2, true], `${name} ${args}: ${io.err}`);
      }
    }
  }));
