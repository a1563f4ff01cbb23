import { InputError } from "../errors/errors.ts";
import { wholeWithin, within } from "../errors/option.ts";
import {
  environmentProxies,
  environmentProxyFor,
  parseProxy,
  proxyFor,
  type ProxySettings,
  withoutEnvironmentProxies,
} from "./proxy.ts";
import { redactUrl } from "../http/redact.ts";

/** How many idle connections are kept, and for how long. */
export interface PoolOptions {
  /** Idle connections kept per host, 1 to 100. Default 10. */
  idlePerHost?: number;
  /** How long an idle connection is kept, in milliseconds, 1 to 3600000. Default 90000. */
  idleTimeoutMs?: number;
}

/** Which version of HTTP to speak: `auto` lets server and client agree (HTTP/2 where both can). */
export type HttpVersion = "auto" | "1.1" | "2";

/** How connections are made. */
export interface ConnectionOptions {
  /** Limits of the pool. Left out, requests that need nothing special share the platform's own pool, which is cheaper. */
  pool?: PoolOptions | undefined;
  /**
   * HTTP version for ordinary requests (`api`) and for those with a Range header (`ranges`), or one for both. Parts of a
   * file each want a connection of their own, so ranges default to `1.1`; `api` defaults to `auto`. Through a proxy https
   * is always HTTP/1.1, and so is plain http unless `2` insists.
   */
  http?: HttpVersion | { api?: HttpVersion; ranges?: HttpVersion };
  /**
   * A proxy URL for everything, settings by scheme, or `false` for none. Default: what the environment says in
   * HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY (either case), never for loopback. Without the permission to read
   * those variables the platform's own reading of them applies, and cannot be overruled.
   *
   * Deno 2.9 repeats the password of an `http:` proxy inside the tunnel, so the https origin behind it sees it too; an
   * `https:` or `socks5:` proxy keeps it to itself.
   */
  proxy?: string | ProxySettings | false | undefined;
  /**
   * Certificates of authorities to trust besides the usual ones, in PEM. For a whole process Deno's own `--cert`,
   * `DENO_CERT` and `DENO_TLS_CA_STORE` do the same. Certificates are always verified.
   */
  caCerts?: readonly string[] | undefined;
}

/** Hands out the platform's clients, made when first needed. */
export interface HttpClients {
  /** The client for this request; undefined for the platform's default one. */
  pick(url: string, ranged: boolean): Deno.HttpClient | undefined;
  /** Closes them all; what is under way ends normally. */
  close(): void;
}

/**
 * The clients that {@linkcode ConnectionOptions} call for, one per HTTP version and proxy.
 *
 * @throws {RangeError} When a number is out of range.
 * @throws {TypeError} When a version, a proxy or a certificate cannot be read.
 */
export function httpClients({ pool, http = {}, proxy, caCerts = [] }: ConnectionOptions): HttpClients {
  const { idlePerHost = 10, idleTimeoutMs = 90_000 } = pool ?? {};
  wholeWithin("pool.idlePerHost", idlePerHost, 1, 100);
  within("pool.idleTimeoutMs", idleTimeoutMs, 1, 3_600_000);
  const { api = "auto", ranges = "1.1" } = typeof http === "string" ? { api: http, ranges: http } : http;
  for (const version of [api, ranges]) {
    if (version !== "auto" && version !== "1.1" && version !== "2") {
      throw new TypeError(`option http: "${version}" is not "auto", "1.1" or "2"`);
    }
  }
  checkCertificates(caCerts);

  const environment = environmentProxies();
  const settings = proxy === undefined ? environment : typeof proxy === "string" ? { all: proxy } : proxy || {};
  for (const name of ["http", "https", "all"] as const) {
    if (settings?.[name] !== undefined) parseProxy(`proxy (${name})`, settings[name]);
  }
  const choose = proxy === undefined ? environmentProxyFor : proxyFor;
  const isProxied = isNaming(settings);
  /** What the platform would find on its own is not what was decided here. */
  const overrule = isNaming(environment) || environment?.no !== undefined;
  const special = pool !== undefined || caCerts.length > 0 || isNaming(environment);
  const clients = new Map<string, Deno.HttpClient>();
  let closed = false;

  function pick(url: string, ranged: boolean): Deno.HttpClient | undefined {
    if (closed) {
      const input = redactUrl(url);
      throw new InputError(`fetching "${input}": the transport is closed`, { code: "invalid_argument", input });
    }
    const wanted = ranged ? ranges : api;
    const version = wanted === "1.1" && !url.startsWith("https:") ? "auto" : wanted;
    const through = isProxied ? choose(url, settings!) : undefined;
    if (!special && version === "auto" && through === undefined) return undefined;
    const key = `${version} ${through ?? ""}`;
    let client = clients.get(key);
    if (client === undefined) clients.set(key, client = create(version, through));
    return client;
  }

  function create(version: HttpVersion, through: string | undefined): Deno.HttpClient {
    const make = () =>
      Deno.createHttpClient({
        caCerts: [...caCerts],
        http1: version !== "2",
        http2: version !== "1.1",
        poolMaxIdlePerHost: idlePerHost,
        poolIdleTimeout: idleTimeoutMs,
        ...(through === undefined ? {} : { proxy: parseProxy("proxy", through) }),
      });
    return overrule ? withoutEnvironmentProxies(make) : make();
  }

  function close(): void {
    closed = true;
    for (const client of clients.values()) client.close();
    clients.clear();
  }

  return { pick, close };
}

function isNaming(settings: ProxySettings | undefined): boolean {
  return (settings?.http ?? settings?.https ?? settings?.all) !== undefined;
}

function checkCertificates(caCerts: readonly string[]): void {
  caCerts.forEach((pem, index) => {
    try {
      if (!pem.includes("-----BEGIN CERTIFICATE-----")) throw new TypeError("no PEM certificate in it");
      Deno.createHttpClient({ caCerts: [pem] }).close();
    } catch (cause) {
      throw new TypeError(`option caCerts: number ${index} is not a certificate in PEM`, { cause });
    }
  });
}
