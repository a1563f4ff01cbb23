import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { pairingToken } from "../../../cli/settings/pairing_token.ts";
import { CivikitError } from "../../../transport/mod.ts";

Deno.test("pairing token: made at first use, its owner's alone, kept, and revoked by a new one", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "below", "pairing");
  const pairing = pairingToken(path, []);
  assertEquals(pairing.isToken(""), false);
  assertThrows(() => Deno.statSync(path), Deno.errors.NotFound);
  const token = pairing.token();
  assert(/^[\w-]{43}$/.test(token));
  if (Deno.build.os !== "windows") assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
  const other = pairingToken(path, []);
  assertEquals([other.token(), other.isToken(token), other.isToken(`${token} `)], [token, true, false]);
  assertNotEquals(pairing.renew(), token);
  assertEquals([pairing.isToken(token), pairingToken(path, []).token()], [false, pairing.token()]);
  if (Deno.build.os !== "windows") {
    await Deno.chmod(path, 0o644);
    assertNotEquals(pairingToken(path, []).token(), pairing.token());
  }
  await Deno.writeTextFile(path, "short\n");
  assertEquals(pairingToken(path, []).isToken("short"), false);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("pairing token: without a folder for it there is none", () => {
  const pairing = pairingToken(undefined, []);
  assertEquals(pairing.isToken("anything"), false);
  assertThrows(() => pairing.token(), CivikitError, "no home folder");
});
