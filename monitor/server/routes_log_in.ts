import { type Context, Hono } from "hono";
import { readAtMost } from "../../transport/internal.ts";
import type { AccessControl } from "./access.ts";

/** What was wrong with a token. */
export type LogInProblem = "tokenLater" | "tokenWrong";

/** Options of {@linkcode logInRoutes}. */
export interface LogInRoutesOptions {
  /** Takes the token; undefined where none is asked for. */
  readonly logIn: AccessControl["logIn"];
  /** Where who came in goes. */
  readonly home: string;
  /** Shows the form. */
  show(c: Context, problem: LogInProblem | undefined, status: 200 | 401 | 429): Promise<Response>;
}

const mostFormBytes = 4096;

/** The way in, at `/login`. */
export function logInRoutes({ logIn, home, show }: LogInRoutesOptions): Hono {
  const app = new Hono();
  app.get("/login", (c) => logIn === undefined ? c.redirect(home, 303) : show(c, undefined, 200));
  app.post("/login", async (c) => {
    // by hand: what reads or limits it for us asks for request.signal, and then Deno prints a notice
    const bytes = await readAtMost(new Response(c.req.raw.body), mostFormBytes);
    if (bytes === undefined) return c.json({ error: "request too large" }, 413);
    const headers = { "content-type": c.req.header("content-type") ?? "" };
    const given = await new Response(bytes, { headers }).formData().then((form) => form.get("token"), () => null);
    const found = logIn?.(c, given) ?? 401;
    if (found === 200) return c.redirect(home, 303);
    return await show(c, found === 429 ? "tokenLater" : "tokenWrong", found);
  });
  return app;
}
