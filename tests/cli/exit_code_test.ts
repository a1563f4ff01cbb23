import { assert, assertEquals } from "@std/assert";
import { CivikitError, errorCodes } from "../../transport/mod.ts";
import { ExitCode, exitCode, sharedExitCode } from "../../cli/exit_code.ts";

Deno.test("exitCode() maps every error code to a documented number, none to success", () => {
  const documented = new Set<number>(Object.values(ExitCode));
  for (const code of errorCodes) {
    const number = exitCode(new CivikitError("x", { code }));
    assert(documented.has(number) && number !== ExitCode.ok, `${code}: ${number}`);
  }
});

Deno.test("exitCode() tells the documented classes apart", () => {
  const table = [
    ["invalid_air", 2],
    ["insecure_url", 2],
    ["bad_request", 2],
    ["unauthorized", 3],
    ["login_required", 3],
    ["early_access", 3],
    ["not_found", 4],
    ["gone", 4],
    ["no_such_file", 4],
    ["dns_failed", 5],
    ["service_unavailable", 5],
    ["cloudflare_timeout", 5],
    ["rate_limited", 6],
    ["hash_mismatch", 7],
    ["size_mismatch", 7],
    ["no_space", 8],
    ["permission_denied", 8],
    ["aborted", 130],
  ] as const;
  for (const [code, number] of table) assertEquals(exitCode(new CivikitError("x", { code })), number, code);
  assertEquals(exitCode(new TypeError("x")), 1);
});

Deno.test("sharedExitCode() is 0 without failures, the shared code, or 1 for a mixture", () => {
  assertEquals(sharedExitCode([]), 0);
  assertEquals(sharedExitCode([4]), 4);
  assertEquals(sharedExitCode([4, 4]), 4);
  assertEquals(sharedExitCode([4, 7]), 1);
});
