import { CivikitError, InputError } from "../../transport/mod.ts";
import { checkPlain, rememberSecret } from "../../transport/internal.ts";
import type { Io } from "../terminal/io.ts";
import { keyPath } from "./places.ts";
import { isGranted } from "./rights.ts";
import { invalid } from "./setting_words.ts";

function checkKey(text: string, source: string): string {
  const key = text.trim();
  if (!/^[\x21-\x7e]{8,512}$/.test(key)) {
    throw invalid(`reading the API key from ${source}: not one word of 8 to 512 plain characters`, source);
  }
  rememberSecret(key);
  return key;
}

/**
 * Asks for the API key on the terminal, where it is not shown; it is kept nowhere.
 *
 * @throws {InputError} `invalid_config` where there is no terminal to ask on, or the answer is no key.
 */
export async function askKey({ askSecret }: Pick<Io, "askSecret">): Promise<string> {
  const text = await askSecret("Civitai API key:");
  if (text === null) {
    throw invalid("reading a key: input and output are no terminal; set CIVITAI_API_KEY instead", "--ask-key");
  }
  return checkKey(text, "the terminal");
}

/**
 * The API key: CIVITAI_API_KEY, else the key file. The file must not be readable by others.
 *
 * @throws {InputError} `invalid_config` when the key is not usable or the file is open to others.
 */
export async function loadKey(env: Io["env"]): Promise<string | undefined> {
  const fromEnv = env("CIVITAI_API_KEY");
  if (fromEnv?.trim()) return checkKey(fromEnv, "CIVITAI_API_KEY");
  const path = keyPath(env);
  // run without the right to read it: as if absent; asked before, because Deno would stop and ask the user
  if (path === undefined || !isGranted([{ name: "read", path }])) return undefined;
  let text: string;
  try {
    checkPlain(path);
    const { mode } = await Deno.stat(path);
    if (Deno.build.os !== "windows" && mode !== null && (mode & 0o077) !== 0) {
      throw invalid(
        `reading the API key from "${path}": other users can read it; run: chmod 600 "${path}", and better make a new key`,
        path,
      );
    }
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    if (error instanceof CivikitError) throw error;
    throw new InputError(`reading the API key from "${path}": no right to read it`, {
      code: "invalid_config",
      input: path,
      cause: error,
    });
  }
  return checkKey(text, `"${path}"`);
}
