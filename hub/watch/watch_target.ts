import type { Site } from "../../api/client/site.ts";
import { readId } from "../../api/client/input.ts";
import { civitaiHosts, shownInput } from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";
import type { WatchTarget } from "./rule.ts";

const longest = 400;
const understood =
  "understood are creator:NAME, model:ID, tag:NAME, search:WORDS, collection:ID, favorites, followed, " +
  "and the address of such a page on the site";

function refuse(text: string, reason: string): InputError {
  const input = shownInput(text);
  return new InputError(`watching ${JSON.stringify(input)}: ${reason}; ${understood}`, {
    ...{ code: "invalid_argument", input },
  });
}

/** An address of the site, as browsers show it; undefined for anything else. */
function siteUrl(text: string, { baseUrl, trustedHosts = [] }: Partial<Site>): URL | undefined {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`);
  if (url === null) return undefined;
  const hosts = [...civitaiHosts, ...trustedHosts, ...(baseUrl === undefined ? [] : [new URL(baseUrl).host])];
  return hosts.includes(url.host.replace(/^www\./, "")) ? url : undefined;
}

function fromUrl({ pathname, searchParams }: URL): string | undefined {
  const [first = "", second = "", third = ""] = pathname.split("/").slice(1).map((part) => decodeURIComponent(part));
  if (first === "user" && second !== "") return `creator:${second}`;
  if (first === "models" && second !== "") return `model:${second}`;
  if (first === "collections" && second !== "") return `collection:${second}`;
  if (first === "tag" && second !== "") return `tag:${second}`;
  if ((first === "models" && second === "") || (first === "search" && second === "models" && third === "")) {
    const tag = searchParams.get("tag");
    return tag === null ? `search:${searchParams.get("query") ?? ""}` : `tag:${tag}`;
  }
  return undefined;
}

/**
 * Understands what is to be watched: `creator:NAME`, `model:ID`, `tag:NAME`, `search:WORDS`, `collection:ID`, `favorites`,
 * `followed`, or the address of a page of the site that shows one of these.
 *
 * @param text What was written.
 * @param site Whose addresses are the site's. Default: Civitai's.
 * @throws {InputError} `invalid_argument` with the forms that are understood.
 * @example
 * ```ts
 * import { readWatchTarget } from "@civikit/civikit/hub";
 *
 * console.log(readWatchTarget("https://civitai.com/user/lamplighter/models")); // { kind: "creator", name: "lamplighter" }
 * ```
 */
export function readWatchTarget(text: string, site: Partial<Site> = {}): WatchTarget {
  const written = text.trim();
  if (written === "") throw refuse(text, "nothing was given");
  // deno-lint-ignore no-control-regex
  if (written.length > longest || /[\x00-\x1f\x7f]/.test(written)) {
    throw refuse(text, "too long, or control characters");
  }
  const word = written.toLowerCase();
  if (word === "favorites" || word === "followed") return { kind: word };
  let short: string | undefined = written;
  if (!/^(?:creator|model|tag|search|collection):(?!\/\/)/i.test(written)) {
    try {
      const url = siteUrl(written, site);
      short = url && fromUrl(url);
    } catch (error) {
      if (!(error instanceof URIError)) throw error;
      short = undefined;
    }
  }
  if (short === undefined) throw refuse(text, "none of the forms that are understood");
  const kind = short.slice(0, short.indexOf(":")).toLowerCase();
  const rest = short.slice(short.indexOf(":") + 1).trim();
  switch (kind) {
    case "model":
    case "collection": {
      const id = readId(rest);
      if (id === undefined) throw refuse(text, "no id");
      return { kind, id };
    }
    case "search":
      return { kind, words: rest };
    default:
      if (rest === "") throw refuse(text, "no name");
      return { kind: kind === "tag" ? "tag" : "creator", name: rest };
  }
}

/** The same in one word, as a rule keeps it. */
export function targetWord(target: WatchTarget): string {
  switch (target.kind) {
    case "model":
    case "collection":
      return `${target.kind}:${target.id}`;
    case "creator":
    case "tag":
      return `${target.kind}:${target.name}`;
    case "search":
      return `search:${target.words}`;
    default:
      return target.kind;
  }
}
