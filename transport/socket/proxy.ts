import { rememberSecret } from "../http/known_secrets.ts";
import { isLoopback } from "../http/loopback.ts";

/** Which proxy serves which URLs; the words are those of the environment variables. Proxies are URLs with the scheme
 * http, https, socks5 or socks5h, with `user:password@` where the proxy wants that. */
export interface ProxySettings {
  /** For http URLs (`HTTP_PROXY`). */
  http?: string | undefined;
  /** For https URLs (`HTTPS_PROXY`). */
  https?: string | undefined;
  /** For both, where nothing closer is named (`ALL_PROXY`). */
  all?: string | undefined;
  /**
   * Hosts reached directly (`NO_PROXY`), separated by commas or spaces: `*`, a domain (with all below it), an IP address,
   * a network such as `10.0.0.0/8`; domains and addresses may end in `:port`.
   */
  no?: string | undefined;
}

const settingNames = ["http", "https", "all", "no"] as const;
const variables: readonly string[] = settingNames.flatMap((name) => [`${name}_proxy`, `${name.toUpperCase()}_PROXY`]);

/**
 * The proxies the environment names, lower case before upper case as curl reads them; undefined when this process has
 * no right to read those variables. Never prompts.
 */
export function environmentProxies(): ProxySettings | undefined {
  for (const variable of variables) {
    if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return undefined;
  }
  return proxiesOf((name) => Deno.env.get(name));
}

/** The proxies an environment names, lower case before upper case as curl reads them; what is empty is not set. */
export function proxiesOf(env: (name: string) => string | undefined): ProxySettings {
  const named = (name: string) => env(`${name}_proxy`) || env(`${name.toUpperCase()}_PROXY`) || undefined;
  return Object.fromEntries(settingNames.map((name) => [name, named(name)]));
}

/**
 * Runs `create` with the proxy variables out of sight. The platform reads them whenever it makes a client, and would
 * let them overrule what was asked for; there is no other way to tell it not to. Nothing else runs meanwhile.
 */
export function withoutEnvironmentProxies<T>(create: () => T): T {
  const hidden = variables.map((name) => [name, Deno.env.get(name)] as const);
  try {
    for (const [name, value] of hidden) if (value !== undefined) Deno.env.delete(name);
    return create();
  } finally {
    for (const [name, value] of hidden) if (value !== undefined) Deno.env.set(name, value);
  }
}

/** The proxy for `url`, or undefined to go there directly. Pure. */
export function proxyFor(url: string, { http, https, all, no }: ProxySettings): string | undefined {
  const proxy = (url.startsWith("https:") ? https : http) ?? all;
  return proxy === undefined || (no !== undefined && isExempt(url, no)) ? undefined : proxy;
}

/** Tells whether a NO_PROXY list covers `url`. */
function isExempt(url: string, list: string): boolean {
  const { hostname, port, protocol } = new URL(url);
  const actualPort = port || (protocol === "https:" ? "443" : "80");
  const bits = addressBits(hostname);
  return list.toLowerCase().split(/[\s,]+/).some((entry) => {
    if (entry === "") return false;
    if (entry === "*") return true;
    const network = /^(.+)\/(\d{1,3})$/.exec(entry);
    if (network) {
      const size = Number(network[2]);
      const base = addressBits(network[1]!);
      return bits !== undefined && bits.length === base?.length && bits.slice(0, size) === base.slice(0, size);
    }
    const [, host, wantedPort] = /^(\[.+\]|[^:]+|.*:.*:.*?)(?::(\d+))?$/.exec(entry) ?? [];
    if (host === undefined || (wantedPort !== undefined && wantedPort !== actualPort)) return false;
    if (bits !== undefined) return bits === addressBits(host);
    const domain = host.replace(/^\*?\./, "").replace(/\.$/, "");
    const name = hostname.replace(/\.$/, "");
    return name === domain || name.endsWith(`.${domain}`);
  });
}

/** An IP address as its 32 or 128 binary digits; undefined for anything else. The URL parser does the reading. */
function addressBits(host: string): string | undefined {
  const isV6 = host.includes(":");
  const text = isV6 && !host.startsWith("[") ? `[${host}]` : host;
  if (!isV6 && !/^\d+(?:\.\d+){3}$/.test(host)) return undefined;
  if (!URL.canParse(`http://${text}`)) return undefined;
  const { hostname } = new URL(`http://${text}`);
  if (!isV6) return hostname.split(".").map((part) => Number(part).toString(2).padStart(8, "0")).join("");
  const [head = "", tail] = hostname.slice(1, -1).split("::");
  const left = head.split(":").filter(Boolean);
  const right = tail?.split(":").filter(Boolean) ?? [];
  const groups = [...left, ...Array(8 - left.length - right.length).fill("0"), ...right];
  return groups.map((group) => parseInt(group, 16).toString(2).padStart(16, "0")).join("");
}

/**
 * What the platform needs to know of the proxy `text`; a bare `host:port` is an HTTP proxy, as for curl.
 *
 * @throws {TypeError} When it is not a proxy URL; neither user nor password is shown.
 */
export function parseProxy(name: string, text: string): Deno.Proxy {
  try {
    const { protocol, host, username, password } = new URL(text.includes("://") ? text : `http://${text}`);
    if (!/^(?:https?|socks5h?):$/.test(protocol) || host === "") throw new TypeError(protocol);
    const url = `${protocol}//${host}`;
    if (username === "") return { url };
    const basicAuth = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
    rememberSecret(basicAuth.password);
    return { url, basicAuth };
  } catch {
    const shown = text.replace(/^.*@/, "[redacted]@");
    throw new TypeError(`option ${name}: "${shown}" is not a URL of an http, https, socks5 or socks5h proxy`);
  }
}

/** The loopback needs no proxy the environment names: nothing out there could reach it. */
export function environmentProxyFor(url: string, settings: ProxySettings): string | undefined {
  return isLoopback(url) ? undefined : proxyFor(url, settings);
}
