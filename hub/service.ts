import { Hono } from "hono";
import { accessControl } from "../monitor/server/access.ts";
import { diagnosticApp } from "../monitor/server/app.ts";
import { iconPath } from "../monitor/server/asset_routes.ts";
import { logInPage } from "../monitor/server/pages.ts";
import { logInRoutes } from "../monitor/server/routes_log_in.ts";
import { secured } from "../monitor/server/security_headers.ts";
import { textsOf } from "../monitor/server/texts.ts";
import { isPageWanted } from "../monitor/server/wanted.ts";
import { html } from "hono/html";
import { announceQueue } from "./announce_queue.ts";
import { hubAssets } from "./pages/assets.ts";
import { pairingDoors } from "./pairing/pairing_doors.ts";
import { pages } from "./pages/pages.ts";
import { pageRenderer } from "./pages/renderer.ts";
import { words } from "./pages/words.ts";
import type { Parts, ServiceOptions } from "./parts.ts";
import { openPreviews } from "./preview/previews.ts";
import { rateLog, rateOfAll } from "./rates.ts";
import { apiRoutes } from "./routes/api.ts";
import { openSearch } from "./search/search.ts";
import { ruleStates, stuckRules } from "./watch/rule_states.ts";
import { rpcRoutes } from "./rpc/rpc_routes.ts";
import { missing, problemOf, statusOf } from "./routes/problem.ts";

/** The service, which does not listen by itself: pass `fetch` to `Deno.serve`. */
export interface Service {
  /** Answers a request; `info` is what `Deno.serve` knows about the connection, and has to be passed on. */
  fetch(request: Request, info?: Deno.ServeHandlerInfo): Response | Promise<Response>;
  /** Ends the streams of events; `/readyz` answers 503 from then on. The queue stays open. */
  close(): Promise<void>;
}

/** Where the diagnostic pages are. */
const statusPath = "/status";
/** What programs watch keeps its address, whatever is mounted around it. */
const probes = ["/healthz", "/readyz", "/metrics", "/events", "/api/*"];

/**
 * The download service: pages for people and an API for programs over one queue, with the diagnostic server below
 * `/status`. It trusts nobody: see {@linkcode diagnostics}.
 *
 * @param options See {@linkcode ServiceOptions}.
 * @throws {TypeError} When `token` is missing where it is compulsory, or `token`, `allowedHosts` or `trustedProxies` is malformed.
 */
export function service(options: ServiceOptions): Service {
  const { registry, hostname = "127.0.0.1", allowedHosts = [], token, clock = registry.clock } = options;
  const { rpcOrigins = [], trustedProxies = [], pairing } = options;
  const rpcDoor = { path: "/jsonrpc", methods: ["POST", "GET"], origins: rpcOrigins };
  const access = accessControl({
    ...{ hostname, allowedHosts, trustedProxies, token, basePath: "", now: clock.now },
    doors: [...(pairing ? pairingDoors(pairing) : []), rpcDoor],
  });
  const { live } = options;
  // what other machines transfer, the jobs tell alone
  const rates = rateLog(clock, options.isShared ? undefined : live && (() => rateOfAll(live)));
  const { api, transport, library } = options;
  const search = transport && openSearch({ api, transport, clock });
  const find = library && ((sha256: string) => Promise.resolve(library.find(sha256)?.path));
  const known = { find, ...options, rates, search };
  const previews = openPreviews(known);
  const parts: Parts = { ...known, previews };
  const there = pages.filter((page) => page.isThere?.(parts) ?? true);
  const inside = there.filter(({ isInNavigation = true }) => isInNavigation);
  const places = [...inside, { path: `${statusPath}/`, title: words.status }];
  const renderer = pageRenderer(parts, places);
  const { watch } = options;
  const rules = watch && {
    rules: () => ruleStates(watch.store.list()),
    stuckRules: () => stuckRules(watch.store.list()),
  };
  const diagnostics = diagnosticApp({ ...options, ...rules, basePath: statusPath }, {
    access: undefined,
    outer: inside,
  });
  const rpc = rpcRoutes(parts, { token, origins: rpcOrigins, isPaired: pairing?.isToken, trustedProxies }, clock.now);
  const announcing = announceQueue(options.queue, registry.events, (change) => {
    rates.note(change);
    for (const { state, path } of change.jobs) if (state === "done" && path !== null) library?.note(path);
  });

  const app = new Hono();
  app.use(secured);
  app.use(access.check);
  app.route("/assets", hubAssets());
  app.get(iconPath, (c) => c.redirect("/assets/icon.svg", 301));
  app.route(
    "/",
    logInRoutes({
      logIn: access.logIn,
      home: "/",
      show: (c, problem, status) =>
        renderer.plain(c, words.logIn, (locale) => {
          const t = textsOf(locale);
          const context = { locale, t, base: "", outer: [], span: "run", hasDay: false } as const;
          return logInPage(problem && t[problem], context).body;
        }, status),
    }),
  );
  for (const page of there) {
    app.get(page.path, (c) => renderer.show(c, page));
    page.routes?.(app, parts, renderer);
  }
  app.route("/api/v1", apiRoutes(parts));
  app.route("/", rpc.app);
  app.all("/api/v1/*", (c) => missing(c, c.req.path));
  for (const path of [statusPath, `${statusPath}/*`, ...probes]) {
    app.all(path, (c) => diagnostics.fetch(c.req.raw, c.env as Deno.ServeHandlerInfo));
  }
  app.notFound((c) =>
    isPageWanted(c)
      ? renderer.plain(c, { en: "404", "zh-TW": "404" }, (locale) => html`<p>${words.notFound[locale]}</p>`, 404)
      : missing(c, c.req.path)
  );
  app.onError((error, c) => c.json(problemOf(error), statusOf(error)));

  return {
    fetch: (request, info) => app.fetch(request, info),
    async close() {
      diagnostics.close();
      rpc.close();
      previews.close();
      rates.close();
      await announcing.close();
    },
  };
}
