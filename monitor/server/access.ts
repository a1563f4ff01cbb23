import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { Context, MiddlewareHandler, Next } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { iconPath } from "./asset_routes.ts";
import { clientAddress } from "./client_address.ts";
import { logInAttempts } from "./log_in_attempts.ts";
import { isPageWanted } from "./wanted.ts";

/** An address that pages of some other origins may ask, too. */
export interface Door {
  /** Its path. */
  readonly path: string;
  /** How it may be asked. */
  readonly methods: readonly string[];
  /** Whose pages may ask. */
  readonly origins: readonly string[];
  /**
   * Whether a bearer token opens this door, and no other. Left out where what answers looks for a token in the body,
   * which is then compulsory.
   */
  readonly isToken?: (given: string) => boolean;
}

/** Who may ask; see {@linkcode accessControl}. */
export interface AccessControlOptions {
  /** Address the server listens on. */
  readonly hostname: string;
  /** Further names it is reached by. */
  readonly allowedHosts: readonly string[];
  /** Whose X-Forwarded-For says where a request comes from. Default: nobody's. */
  readonly trustedProxies?: readonly string[];
  /** What opens it. */
  readonly token: string | undefined;
  /** What stands before every path of it, without a slash at the end. */
  readonly basePath: string;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  /** What pages of other origins may ask. Default: nothing. */
  readonly doors?: readonly Door[];
}

/** Checks every request before anything else does. */
export interface AccessControl {
  /** Refuses foreign hosts, foreign origins, and, where there is a token, who does not have it. */
  readonly check: MiddlewareHandler;
  /**
   * Takes the token of a log-in form: 200 when it was right, and the cookie is set; else 401, or 429 after too many.
   * Undefined where no token is asked for.
   */
  readonly logIn: ((c: Context, token: unknown) => 200 | 401 | 429) | undefined;
}

const cookieName = "civikit_session";
const sessionSeconds = 12 * 3600;
const leastTokenLength = 16;
const loopbackName = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;
/** What may be seen without the token: the form, what it looks like, whether the process lives, and a script to install. */
const openPaths: ReadonlySet<string> = new Set([
  ...["/login", "/assets/style.css", "/assets/icon.svg", iconPath, "/readyz"],
  "/extensions/civikit.user.js",
]);

/** A Host header's name, in lower case, without port and brackets; undefined when it is none. */
function nameOf(host: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host ?? "");
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

/** The token in the header. */
const bearerOf = (c: Context): string | undefined => /^bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];

const digest = (text: string): Uint8Array => createHash("sha256").update(text).digest();

/** Compares in a time that tells nothing about the texts. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

function checkOptions(
  { hostname, allowedHosts, token }: Pick<AccessControlOptions, "hostname" | "allowedHosts" | "token">,
): void {
  for (const host of allowedHosts) {
    if (nameOf(host) !== host.toLowerCase()) {
      throw new TypeError(`option allowedHosts: "${host}" is no host name without port`);
    }
  }
  if (token !== undefined && !/^[\x21-\x7e]{16,512}$/.test(token)) {
    throw new TypeError(`option token: not ${leastTokenLength} to 512 plain characters`);
  }
  const outside = [hostname, ...allowedHosts].find((host) => !loopbackName.test(host.toLowerCase()));
  if (outside !== undefined && token === undefined) {
    throw new TypeError(`option token: missing, and "${outside}" lies beyond this machine`);
  }
}

/**
 * Lets in who may come in. A page elsewhere that points its own name at this machine (DNS rebinding) is given away by its
 * Host, one that sends forms across by its Origin (RFC 6454) or Sec-Fetch-Site; beyond loopback a token is compulsory.
 *
 * @throws {TypeError} When an option is malformed, or a token is missing where it is compulsory.
 */
export function accessControl(options: AccessControlOptions): AccessControl {
  checkOptions(options);
  const { hostname, token, basePath, doors = [], trustedProxies = [] } = options;
  const addressOf = clientAddress(trustedProxies);
  const tries = logInAttempts(options.now);
  const secret = randomBytes(32);
  const names = new Set([hostname, ...options.allowedHosts].map((name) => name.toLowerCase()));
  const isWildcard = hostname === "0.0.0.0" || hostname === "::";

  function isKnownHost(host: string | undefined): boolean {
    const name = nameOf(host);
    if (name === undefined) return false;
    // rebinding takes a name; an address was typed by someone
    return loopbackName.test(name) || names.has(name) || (isWildcard && isIP(name) !== 0);
  }

  function isForeign({ req }: Context): boolean {
    const origin = req.header("origin");
    const site = req.header("sec-fetch-site");
    const isSafe = req.method === "GET" || req.method === "HEAD";
    if (isSafe) return site === "cross-site" && req.header("sec-fetch-mode") !== "navigate";
    if (origin !== undefined) return !URL.canParse(origin) || new URL(origin).host !== req.header("host");
    return site !== undefined && site !== "same-origin" && site !== "none";
  }

  const sign = (until: number) => `${until}.${createHmac("sha256", secret).update(String(until)).digest("hex")}`;

  function hasSession(c: Context): boolean {
    const cookie = getCookie(c, cookieName) ?? "";
    const until = Number(cookie.split(".")[0]);
    return until > Date.now() && isSame(cookie, sign(until));
  }

  /** Compares what was given with the token, by whatever way it came; too many wrong ones make their address wait. */
  function checkToken(c: Context, given: unknown, token: string): 200 | 401 | 429 {
    const address = addressOf(c) ?? "";
    if (tries.isLocked(address)) return 429;
    if (typeof given === "string" && isSame(given, token)) return 200;
    tries.wrong(address);
    return 401;
  }

  function authorise(c: Context, token: string): 200 | 401 | 429 {
    if (hasSession(c)) return 200;
    return c.req.header("authorization") === undefined ? 401 : checkToken(c, bearerOf(c), token);
  }

  /** The door that is asked for, a preflight (CORS protocol) by what is going to come. */
  function doorOf({ req }: Context): Door | undefined {
    const method = req.method === "OPTIONS" ? req.header("access-control-request-method") ?? "" : req.method;
    return doors.find(({ path, methods }) => path === req.path && methods.includes(method));
  }

  /** Answers what comes through a door from another origin. */
  async function throughDoor(c: Context, { methods, isToken }: Door, origin: string, next: Next): Promise<Response> {
    const address = addressOf(c) ?? "";
    const answered = async () => {
      if (c.req.method === "OPTIONS") return c.body(null, 204);
      if (tries.isLocked(address)) return c.json({ error: "too many wrong tokens" }, 429, { "retry-after": "60" });
      if (isToken !== undefined && !isToken(bearerOf(c) ?? "")) {
        tries.wrong(address);
        return c.json({ error: "token missing or wrong" }, 401);
      }
      await next();
      return c.res;
    };
    const response = await answered();
    response.headers.set("access-control-allow-origin", origin);
    response.headers.append("vary", "origin");
    if (c.req.method === "OPTIONS") {
      response.headers.set("access-control-allow-methods", methods.join(", "));
      response.headers.set("access-control-allow-headers", "authorization, content-type, idempotency-key");
      response.headers.set("access-control-allow-private-network", "true");
      response.headers.set("access-control-max-age", "600");
    }
    return response;
  }

  /** Whether the connection itself comes from elsewhere, whatever the options say. */
  function isRemote(c: Context): boolean {
    const address = addressOf(c);
    return address !== undefined && !loopbackName.test(address);
  }

  return {
    async check(c, next) {
      if (!isKnownHost(c.req.header("host"))) return c.json({ error: "host not allowed" }, 421);
      if (token === undefined && isRemote(c)) {
        return c.json({ error: "only for this machine: no token is set" }, 403);
      }
      const door = doorOf(c);
      const origin = c.req.header("origin");
      if (origin !== undefined && door?.origins.includes(origin)) return await throughDoor(c, door, origin, next);
      // no page can send this header without having asked first; an extension, which asks for the user, has an odd origin
      if (door?.isToken?.(bearerOf(c) ?? "")) return await next();
      if (isForeign(c)) return c.json({ error: "origin not allowed" }, 403);
      if (token === undefined) return await next();
      // a door without a token of its own looks for one itself
      if (door !== undefined && door.isToken === undefined) return await next();
      if (openPaths.has(c.req.path)) return await next();
      const found = authorise(c, token);
      if (found === 200) return await next();
      if (found === 429) return c.json({ error: "too many wrong tokens" }, 429, { "retry-after": "60" });
      const isPage = c.req.method === "GET" && isPageWanted(c);
      const lang = c.req.query("lang");
      if (isPage) {
        return c.redirect(`${basePath}/login${lang === "en" || lang === "zh-TW" ? `?lang=${lang}` : ""}`, 303);
      }
      return c.json({ error: "token missing or wrong" }, 401, { "www-authenticate": 'Bearer realm="civikit"' });
    },
    logIn: token === undefined ? undefined : (c, given) => {
      const found = checkToken(c, given, token);
      if (found !== 200) return found;
      const secure = new URL(c.req.url).protocol === "https:";
      const session = sign(Date.now() + sessionSeconds * 1000);
      setCookie(c, cookieName, session, {
        httpOnly: true,
        sameSite: "Strict",
        maxAge: sessionSeconds,
        path: basePath || "/",
        secure,
      });
      return 200;
    },
  };
}
