import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import type { Level } from "../search/levels.ts";

const name = "civikit_level";
const yearSeconds = 365 * 86_400;

/** Up to where the reader wants pictures shown openly, as it was chosen last; undefined before that, or anything. */
export const keptLevel = (c: Context): string | undefined => getCookie(c, name);

/** Keeps it for the next pages. */
export function keepLevel(c: Context, level: Level): void {
  setCookie(c, name, level, { sameSite: "Strict", path: "/", maxAge: yearSeconds });
}
