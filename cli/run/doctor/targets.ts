import type { ProxySettings } from "../../../transport/mod.ts";
import { civitaiHosts, environmentProxyFor, parseProxy, proxiesOf, proxyFor } from "../../../transport/internal.ts";
import type { Io } from "../../terminal/io.ts";

/** A host that is looked at. */
export interface Target {
  /** What is asked for over HTTP. */
  readonly url: string;
  /** Its name, with the port where that is not the usual one. */
  readonly host: string;
  /** Whether it is the API, which answers in JSON. */
  readonly isApi: boolean;
  /** The proxy on the way there, as it was written. */
  readonly proxy: string | undefined;
}

/** The hosts of the site itself, besides the API's. */
const further = ["image.civitai.com", "api.civitai.com"];

/** Where files and pictures of Civitai come from: a firewall has to let these through as well. */
const storageHosts = ["*.civitai.com", "*.r2.cloudflarestorage.com", "*.backblazeb2.com"];

/** What a firewall has to let through, with the port. */
export function firewallHosts(baseUrl: string): readonly string[] {
  const { hostname, port, protocol } = new URL(baseUrl);
  const own = `${hostname}:${port || (protocol === "http:" ? 80 : 443)}`;
  return isCivitai(baseUrl) ? [own, ...storageHosts.map((host) => `${host}:443`)] : [own];
}

const isCivitai = (baseUrl: string) => civitaiHosts.includes(new URL(baseUrl).host);

/** The proxies the user named, and how. */
export interface Proxies {
  /** Which proxy serves which URLs. */
  readonly settings: ProxySettings;
  /** Whether a setting names them: then they serve this very machine too. */
  readonly isSetting: boolean;
}

/** The proxies that hold: the setting's, else those of the environment. */
export function proxiesIn({ env }: Pick<Io, "env">, setting: string | undefined): Proxies {
  return { settings: setting === undefined ? proxiesOf(env) : { all: setting }, isSetting: setting !== undefined };
}

/**
 * The hosts to look at: Civitai's own, or the one that stands in for it.
 *
 * @param baseUrl Where the API is.
 * @param proxies The proxies the user named.
 */
export function targetsOf(baseUrl: string, { settings, isSetting }: Proxies): readonly Target[] {
  const { host } = new URL(baseUrl);
  const others = host === "civitai.com" ? further.map((name) => `https://${name}/`) : [];
  const urls = [`${baseUrl}/api/v1/models?limit=1`, ...others];
  const choose = isSetting ? proxyFor : environmentProxyFor;
  return urls.map((url, index) => ({ url, host: new URL(url).host, isApi: index === 0, proxy: choose(url, settings) }));
}

/** Where a proxy listens, and how it may be shown: without user and password. */
export interface ProxyPlace {
  /** Its name. */
  readonly hostname: string;
  /** Its port. */
  readonly port: number;
  /** Its URL. */
  readonly shown: string;
}

const usualPorts: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/**
 * Where the proxy `text` listens.
 *
 * @throws {TypeError} When it is no URL of a proxy.
 */
export function proxyPlace(text: string): ProxyPlace {
  const { url: shown } = parseProxy("proxy", text) as { url: string };
  const { hostname, port, protocol } = new URL(shown);
  return { hostname, port: Number(port) || (usualPorts[protocol] ?? 1080), shown };
}

/** Whether `host` is one of the site's own, to which an answer may send us without anything being wrong. */
export function isOwnHost(host: string, target: Target): boolean {
  const bare = host.replace(/^www\./, "");
  return bare === target.host.replace(/^www\./, "") ||
    civitaiHosts.some((own) => bare === own || bare.endsWith(`.${own}`));
}
