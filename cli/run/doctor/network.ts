import type { ProxySettings } from "../../../transport/mod.ts";
import { parseProxy } from "../../../transport/internal.ts";
import { adviceOn, type CheckName, type Finding, type Level, type Say, stateOf } from "./finding.ts";
import type { Portal, Probe, Step } from "./probe.ts";
import { proxyPlace } from "./targets.ts";

/** From here on an answer is slow, in milliseconds. */
const slowMs = 3000;
/** What a clock may be off, in milliseconds; from the second one on signed addresses are refused. */
const looseMs = 60_000;
const wrongMs = 300_000;

const names = (probes: readonly Probe[]) => probes.map(({ target }) => target.host);

/** Whether there is a way to the host itself: what only reached a proxy has not arrived. */
function isReached({ target, tcp, http, portal }: Probe): boolean {
  if (portal !== undefined) return false;
  return "ms" in http || target.proxy === undefined && "ms" in tcp;
}

const shownPortal = (host: string, { leadsTo }: Portal): Say => (text) =>
  text.portal(host, leadsTo === undefined ? text.portalPage : text.portalRedirect(leadsTo));

/** Whether there is a network at all; `hosts` are those a firewall has to let through. */
export function networkFinding(probes: readonly Probe[], hosts: readonly string[]): Finding {
  const there = probes.find(isReached);
  const captive = probes.find(({ portal }) => portal !== undefined);
  if (captive?.portal !== undefined && (there === undefined || captive.target.isApi)) {
    const detail = shownPortal(captive.target.host, captive.portal);
    return { check: "network", level: "error", detail, next: (text) => text.portalNext };
  }
  if (there !== undefined) {
    return {
      check: "network",
      level: "ok",
      detail: (text) => text.networkThere(there.target.host),
    };
  }
  const denied = probes.map(({ tcp, dns }) => [dns, tcp].find((step) => "error" in step)?.error)
    .find((error) => error?.reason === "net_right");
  if (denied !== undefined) {
    return { check: "network", level: "error", detail: (text) => text.networkDenied, next: adviceOn(denied) };
  }
  const detail: Say = (text) => text.networkNone(names(probes));
  return { check: "network", level: "error", detail, next: (text) => text.networkNoneNext(hosts) };
}

/** How far the clock is off. */
export function clockFinding(probes: readonly Probe[]): Finding {
  const known = probes.find(({ aheadMs }) => aheadMs !== undefined);
  if (known?.aheadMs === undefined) {
    const next: Say = (text) => text.clockUnknownNext;
    return { check: "clock", level: "warning", detail: (text) => text.clockUnknown, next };
  }
  const { aheadMs, target: { host } } = known;
  const off = Math.abs(aheadMs);
  if (off <= looseMs) return { check: "clock", level: "ok", detail: (text) => text.clockRight(aheadMs, host) };
  const detail: Say = (text) => text.clockWrong(aheadMs, host);
  return { check: "clock", level: off > wrongMs ? "error" : "warning", detail, next: (text) => text.clockWrongNext };
}

/** What stands between this machine and the hosts; undefined settings are none. */
export function proxyFindings(proxies: ProxySettings, probes: readonly Probe[]): Finding[] {
  const bad = [proxies.http, proxies.https, proxies.all].flatMap((text) => badProxy(text) ?? []);
  if (bad.length > 0) {
    return bad.map((state) => {
      return {
        check: "proxy",
        level: "error",
        detail: (text) => text.proxyBad(state),
        next: (text) => text.proxyBadNext,
      };
    });
  }
  const used = Map.groupBy(probes.filter(({ target }) => target.proxy !== undefined), ({ target }) => target.proxy!);
  if (used.size === 0) return [{ check: "proxy", level: "ok", detail: (text) => text.proxyNone }];
  return [...used].map(([proxy, behind]): Finding => {
    const detail: Say = (text) => text.proxyUsed(proxyPlace(proxy).shown, names(behind));
    return { check: "proxy", level: "ok", detail };
  });
}

/** What is wrong with a proxy that was named; undefined where it is well, or there is none. */
export function badProxy(proxy: string | undefined): string | undefined {
  if (proxy === undefined) return undefined;
  try {
    parseProxy("proxy", proxy);
    return undefined;
  } catch (error) {
    return stateOf(error);
  }
}

function stepFinding(check: CheckName, host: string, step: Step): Finding {
  if ("error" in step) {
    const state = stateOf(step.error);
    return { check, level: "error", detail: (text) => text.stepFailed(host, state), next: adviceOn(step.error) };
  }
  if ("skipped" in step) {
    const { skipped } = step;
    const detail: Say = (text) => text.stepSkipped(host, text.skipped[skipped]);
    return skipped === "before"
      ? { check, level: "warning", detail, isConsequence: true }
      : { check, level: "ok", detail };
  }
  const { ms } = step;
  if (ms < slowMs) return { check, level: "ok", detail: (text) => text.step(host, ms) };
  return { check, level: "warning", detail: (text) => text.stepSlow(host, ms), next: (text) => text.stepSlowNext };
}

/** What a host that should answer in JSON says instead of 2xx; the others may answer what they like. */
function statusLevel({ target, status = 0 }: Probe): Level {
  if (status >= 500) return "error";
  if (!target.isApi || status < 400) return "ok";
  return status === 429 ? "warning" : "error";
}

function httpFinding(probe: Probe): Finding {
  const { target: { host }, http, portal, status = 0 } = probe;
  if (portal !== undefined) {
    return { check: "http", level: "error", detail: shownPortal(host, portal), next: (text) => text.portalStepNext };
  }
  const level = statusLevel(probe);
  if (!("ms" in http) || (level === "ok" && http.ms >= slowMs)) return stepFinding("http", host, http);
  const detail: Say = (text) => text.answered(host, http.ms, status);
  return level === "ok"
    ? { check: "http", level, detail }
    : { check: "http", level, detail, next: (text) => text.refusedNext };
}

/** The way to each host: DNS, TCP, TLS and HTTP. */
export function wayFindings(probes: readonly Probe[]): Finding[] {
  const steps = (["dns", "tcp", "tls"] as const).flatMap((check) => {
    return probes.map((probe) => stepFinding(check, probe.target.host, probe[check]));
  });
  return [...steps, ...probes.map(httpFinding)];
}
