import type { Context, Hono } from "hono";
import { readAtMost } from "../../../transport/internal.ts";
import { CivikitError, InputError } from "../../../transport/mod.ts";
import { addJobs } from "../../add_jobs.ts";
import type { Parts } from "../../parts.ts";
import { preview } from "../../preview.ts";
import type { JobAction } from "../../queue/job_queue.ts";
import { wishesIn, wishesInFile } from "../../read_wishes.ts";
import { refusal } from "../form_answer.ts";
import type { QueueAnswer } from "./answer.ts";
import { groups, isGroup } from "./groups.ts";

type Show = (c: Context, answer: QueueAnswer, status?: 200 | 400 | 404) => Promise<Response>;

/** A picture is a few megabytes; ten thousand lines are less. */
const mostFormBytes = 64 * 1024 ** 2;

const jobActions: ReadonlySet<string> = new Set<JobAction>(["pause", "resume", "cancel", "retry", "skip", "remove"]);
const allActions: Readonly<Record<string, JobAction>> = {
  pauseAll: "pause",
  resumeAll: "resume",
  retryAll: "retry",
  clearDone: "remove",
};

async function formOf({ req }: Context): Promise<FormData> {
  // by hand: what reads or limits it for us asks for request.signal, and then Deno prints a notice
  const bytes = await readAtMost(new Response(req.raw.body), mostFormBytes);
  const bad = (state: string) =>
    new InputError(`reading the form: ${state}`, { code: "invalid_argument", input: "form" });
  if (bytes === undefined) throw bad(`longer than ${mostFormBytes / 1024 ** 2} MiB`);
  try {
    return await new Response(bytes, { headers: { "content-type": req.header("content-type") ?? "" } }).formData();
  } catch {
    throw bad("neither a form nor files");
  }
}

/** Everything that is wished for in a form: its lines, its boxes, its files. */
async function wishesOf(form: FormData): Promise<string[]> {
  const texts = [...form.getAll("references"), ...form.getAll("reference")].filter((one) => typeof one === "string");
  const files = form.getAll("files").filter((one) => one instanceof File && one.size > 0) as File[];
  const inFiles = await Promise.all(files.map(async (file) => wishesInFile(file.name, await file.bytes())));
  return [...new Set([...texts.flatMap(wishesIn), ...inFiles.flat()])];
}

/** What was written into a field; undefined where that is nothing. */
function textOf(form: FormData, name: string): string | undefined {
  const value = form.get(name);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** Where the reader was: a form leads back there. */
function backOf({ req }: Context): string {
  const from = URL.parse(req.header("referer") ?? "");
  if (from === null || from.host !== req.header("host") || from.pathname !== "/") return "/";
  from.searchParams.delete("added");
  return `/${from.search}`;
}

/** What the forms of the queue page are sent to. */
export function queueForms(app: Hono, parts: Parts, show: Show): void {
  const { queue } = parts;

  /** Does it and leads back, or says why not. */
  async function doing(c: Context, work: () => Promise<Response | void>): Promise<Response> {
    try {
      return await work() ?? c.redirect(backOf(c), 303);
    } catch (error) {
      if (!(error instanceof CivikitError)) throw error;
      return await show(c, refusal(error), 400);
    }
  }

  app.post("/queue/preview", (c) =>
    doing(c, async () => {
      const wishes = await wishesOf(await formOf(c));
      if (wishes.length === 0) return c.redirect("/?added=0", 303);
      return await show(c, { preview: await preview(parts, wishes) });
    }));
  app.post("/queue/add", (c) =>
    doing(c, async () => {
      const added = await addJobs(parts, await wishesOf(await formOf(c)));
      return c.redirect(`/?added=${added.filter(({ isNew }) => isNew).length}`, 303);
    }));
  app.post("/queue/discard", (c) => doing(c, () => Promise.resolve()));
  app.post("/queue/slow", (c) =>
    doing(c, async () => {
      parts.slowMode?.set((await formOf(c)).get("on") === "1");
    }));
  app.post("/queue/all/:group/:action", (c) =>
    doing(c, async () => {
      const name = c.req.param("group");
      const action = allActions[c.req.param("action")];
      if (isGroup(name) && action !== undefined) await queue.changeAll(groups[name].states, action);
    }));
  app.post("/queue/transfers/:id/:wish", (c) =>
    doing(c, () => {
      const wish = c.req.param("wish");
      if (wish === "pause" || wish === "resume" || wish === "cancel") parts.live?.wish(wish, c.req.param("id"));
      return Promise.resolve();
    }));
  app.post("/start", (c) =>
    doing(c, async () => {
      const form = await formOf(c);
      await parts.answerStart?.(
        form.get("later") === "1" ? {} : {
          root: textOf(form, "root"),
          layout: textOf(form, "layout"),
          key: textOf(form, "key"),
        },
      );
    }));
  app.post("/queue/:id/move", (c) =>
    doing(c, async () => {
      const form = await formOf(c);
      const [before, after] = [form.get("before"), form.get("after")];
      if (typeof before === "string") await queue.move(c.req.param("id"), { before });
      else if (typeof after === "string") await queue.move(c.req.param("id"), { after });
    }));
  app.post("/queue/:id/:action", (c) =>
    doing(c, async () => {
      const action = c.req.param("action");
      if (jobActions.has(action)) await queue.change(c.req.param("id"), action as JobAction);
    }));
}
