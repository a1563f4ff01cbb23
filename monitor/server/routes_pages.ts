import { type Context, Hono } from "hono";
import type { AccessControl } from "./access.ts";
import { assetRoutes, iconPath, script } from "./asset_routes.ts";
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

/** The pages, what they look like, and the way in. */
export function pageRoutes({ views, renderer: { show }, base, logIn }: PageRoutesOptions): Hono {
  const app = new Hono();

  app.route(
    "/assets",
    assetRoutes({ "style.css": ["text/css; charset=utf-8", style], "live.js": [script, liveScript] }),
  );
  app.get(iconPath, (c) => c.redirect(`${base}/assets/icon.svg`, 301));
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
