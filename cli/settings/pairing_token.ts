import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { statSync } from "node:fs";
import type { Pairing } from "../../hub/mod.ts";
import { checkPlain, readPlainText, rememberSecret } from "../../transport/internal.ts";
import { writePrivate } from "./private_file.ts";
import { isGranted } from "./rights.ts";
import { invalid } from "./setting_words.ts";

const digest = (text: string): Uint8Array => createHash("sha256").update(text).digest();

/** The token in a file; undefined where there is none, or others could have read it. */
function readToken(path: string): string | undefined {
  // asked before, because Deno would stop and ask the user
  if (!isGranted([{ name: "read", path }])) return undefined;
  try {
    checkPlain(path);
    if (Deno.build.os !== "windows" && (statSync(path).mode & 0o077) !== 0) return undefined;
    const token = readPlainText(path).trim();
    return /^[\w-]{32,512}$/.test(token) ? token : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The pairing token in a file of its owner's alone. One that is missing, malformed or open to others is replaced when the
 * token is wanted.
 *
 * @param path The file; undefined where there is no folder for it.
 * @param origins Whose pages may be let in.
 * @param isShown Whether it was asked for on the terminal: it is not cut out of what is printed then. Default: it is.
 */
export function pairingToken(path: string | undefined, origins: readonly string[], isShown = false): Pairing {
  let known: string | undefined;
  const keepSecret = (token: string) => void (isShown || rememberSecret(token));

  function current(): string | undefined {
    if (known === undefined && path !== undefined) {
      known = readToken(path);
      if (known !== undefined) keepSecret(known);
    }
    return known;
  }

  function renew(): string {
    if (path === undefined) throw invalid("keeping the pairing token: there is no home folder; set HOME", "HOME");
    const token = randomBytes(32).toString("base64url");
    keepSecret(token);
    writePrivate(path, `${token}\n`);
    return known = token;
  }

  return {
    origins,
    token: () => current() ?? renew(),
    renew,
    isToken(given) {
      const token = current();
      return token !== undefined && timingSafeEqual(digest(given), digest(token));
    },
  };
}
