import { assert, assertEquals } from "@std/assert";
import { guideUrl } from "../../cli/terminal/guide_url.ts";
import { withErrorEntries } from "../../tools/error_entries.ts";
import { errorCodes, errorReasons } from "../../transport/mod.ts";

const guide = await Deno.readTextFile(new URL("../../docs/troubleshooting.md", import.meta.url));

Deno.test("the entries of the troubleshooting guide are what the hints make of them", async () => {
  assertEquals(await withErrorEntries(guide), guide, "run: deno task docs:errors");
});

Deno.test("every error code has its entry, under the name that the link of a printed error leads to, and every reason", () => {
  for (const code of errorCodes) {
    assert(guideUrl(code).endsWith(`/docs/troubleshooting.md#${code}`));
    assertEquals(guide.split(`<a id="${code}"></a>`).length, 2, code);
  }
  for (const reason of errorReasons) assert(guide.includes(`- \`${reason}\`：`), reason);
});
