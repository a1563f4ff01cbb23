import { eTag, ifNoneMatch } from "@std/http/etag";
import { type Context, Hono } from "hono";
import type { AccessControl } from "./access.ts";
import icon from "./assets/icon.svg" with { type: "text" };
import liveScript from "./assets/live.js" with { type: "text" };
import style from "./assets/style.css" with { type: "text" };
import { dashboardPage } from "./dashboard_page.ts";
import { cachePage, errorsPage, logInPage, reportPage, transfersPage } from "./pages.ts";
import type { PageStatus, Renderer } from "./renderer.ts";
import { type LogInProblem, logInRoutes } from "./routes_log_in.ts";
import type { Views } from "./views.ts";

/** What the pages are made of. */
export interface PageRoutesOptions {
  /** What is shown. */
  readonly views: Views;
  /** How it is shown. */
  readonly renderer: Renderer;
  /** What stands before every path, without a slash at the end. */
  readonly base: string;
  /** Takes the token; undefined where none is asked for. */
  readonly logIn: AccessControl["logIn"] | undefined;
}

const assets: readonly (readonly [name: string, type: string, text: string])[] = [
  ["style.css", "text/css; charset=utf-8", style],
  ["live.js", "text/javascript; charset=utf-8", liveScript],
  ["icon.svg", "image/svg+xml", icon],
];

/** The pages, what they look like, and the way in. */
export function pageRoutes({ views, renderer: { show }, base, logIn }: PageRoutesOptions): Hono {
  const app = new Hono();

  for (const [name, type, text] of assets) {
    const tag = eTag(text);
    app.get(`/assets/${name}`, async (c) => {
      const etag = await tag;
      const headers = { "content-type": type, "cache-control": "no-cache", etag };
      const isNew = ifNoneMatch(c.req.header("if-none-match") ?? null, etag);
      return isNew ? c.body(text, 200, headers) : c.body(null, 304, headers);
    });
  }

  app.get(
    "/",
    (c) => show(c, async (context) => dashboardPage(await views.dashboard(context.span, context.locale), context)),
  );
  app.get("/report", (c) => show(c, (context) => reportPage(views.report(context.span, context.locale), context)));
  app.get("/errors", (c) =>
    show(c, (context) => {
      const { span, locale } = context;
      return errorsPage(views.report(span, locale), views.failures(span, 100), context);
    }));
  app.get("/transfers", (c) => show(c, (context) => transfersPage(views.transfers(), context)));
  app.get("/cache", (c) => show(c, async (context) => cachePage(await views.cacheNumbers(), context)));

  const showLogIn = (c: Context, problem: LogInProblem | undefined, status: PageStatus) =>
    show(c, (context) => logInPage(problem && context.t[problem], context), status);
  app.route("/", logInRoutes({ logIn, home: `${base}/`, show: showLogIn }));
  return app;
}
