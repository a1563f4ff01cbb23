import type { Context, Hono } from "hono";
import { CivikitError } from "../../../transport/mod.ts";
import { addJobs, checkReference } from "../../add_jobs.ts";
import type { Parts } from "../../parts.ts";
import { isTaken, type PreviewLine } from "../../preview/preview_line.ts";
import type { Preview, PreviewSource } from "../../preview/preview.ts";
import type { JobAction } from "../../queue/job_queue.ts";
import { type FormAnswer, refusal } from "../form_answer.ts";
import { groups, isGroup } from "./groups.ts";
import { formOf, textOf, wishesOf } from "./read_form.ts";
import { texts } from "./texts.ts";

type Show = (c: Context, answer: FormAnswer, status?: 200 | 400 | 404) => Promise<Response>;

const jobActions: ReadonlySet<string> = new Set<JobAction>(["pause", "resume", "cancel", "retry", "skip", "remove"]);
const allActions: Readonly<Record<string, JobAction>> = {
  pauseAll: "pause",
  resumeAll: "resume",
  retryAll: "retry",
  clearDone: "remove",
};

/** Whether all of it can go into the queue as it is; else whoever asks looks at it first. */
function isPlain({ wishes, used, unread }: PreviewSource, parts: Parts): boolean {
  if (used.length + unread.length > 0) return false;
  try {
    for (const { text } of wishes) checkReference(text, parts);
    return true;
  } catch (error) {
    if (!(error instanceof CivikitError)) throw error;
    return false;
  }
}

/** The lines a preview's form means: those that are ticked, or all but those that were shown and are not. */
function chosenLines(form: FormData, preview: Preview | undefined): Map<number, PreviewLine> {
  const ticked = new Map<number, PreviewLine>();
  for (const [name, value] of form) {
    const index = Number(/^line-(\d{1,7})$/.exec(name)?.[1] ?? NaN);
    if (Number.isNaN(index) || typeof value !== "string") continue;
    // one of a service before: as it was written
    ticked.set(index, preview?.lines[index] ?? { reference: value, isLookedUp: false, canAdd: true });
  }
  if (form.get("all") === null || preview === undefined) return ticked;
  const [from, to] = [Number(form.get("from")), Number(form.get("to"))];
  const isShown = (index: number) => index >= from && index < to;
  const all = preview.lines.entries().filter(([index, line]) => isShown(index) ? ticked.has(index) : isTaken(line));
  return new Map(all);
}

async function addLines(parts: Parts, lines: Iterable<PreviewLine>): Promise<number> {
  let count = 0;
  for (const same of Map.groupBy(lines, ({ options = {} }) => JSON.stringify(options)).values()) {
    const added = await addJobs(parts, same.map(({ reference }) => reference), same[0]!.options);
    count += added.filter(({ isNew }) => isNew).length;
  }
  return count;
}

/** Where the reader was: a form leads back there. */
function backOf({ req }: Context): string {
  const from = URL.parse(req.header("referer") ?? "");
  if (from === null || from.host !== req.header("host") || from.pathname !== "/") return "/";
  from.searchParams.delete("added");
  from.searchParams.delete("refused");
  return `/${from.search}`;
}

/** What the forms of the queue page are sent to. */
export function queueForms(app: Hono, parts: Parts, show: Show): void {
  const { queue, previews } = parts;

  /** Does it and leads back, or says why not. */
  async function doing(c: Context, work: () => Promise<Response | void>): Promise<Response> {
    try {
      return await work() ?? c.redirect(backOf(c), 303);
    } catch (error) {
      if (!(error instanceof CivikitError)) throw error;
      return await show(c, refusal(error), 400);
    }
  }

  const isEmpty = ({ wishes, used, unread }: PreviewSource) => wishes.length + used.length + unread.length === 0;

  app.post("/queue/preview", (c) =>
    doing(c, async () => {
      const source = await wishesOf(await formOf(c));
      if (isEmpty(source)) return c.redirect("/?added=0", 303);
      return c.redirect(`/?preview=${(await previews.start(source)).id}`, 303);
    }));
  app.post("/queue/add", (c) =>
    doing(c, async () => {
      const source = await wishesOf(await formOf(c));
      if (!isEmpty(source) && !isPlain(source, parts)) {
        return c.redirect(`/?preview=${(await previews.start(source)).id}&refused=1`, 303);
      }
      const added = await addJobs(parts, source.wishes.map(({ text }) => text));
      return c.redirect(`/?added=${added.filter(({ isNew }) => isNew).length}`, 303);
    }));
  app.post("/queue/take", (c) =>
    doing(c, async () => {
      const form = await formOf(c);
      const id = textOf(form, "preview") ?? "";
      const preview = previews.get(id);
      if (preview === undefined && form.get("all") !== null) {
        return await show(c, { note: (locale) => texts.previewGone[locale], isProblem: true }, 404);
      }
      const lines = chosenLines(form, preview);
      const added = await addLines(parts, lines.values());
      previews.note(id, [...lines.keys()]);
      const isMore = previews.get(id)?.lines.some(isTaken) ?? false;
      if (!isMore) previews.drop(id);
      return c.redirect(`/?${isMore ? `preview=${id}&from=${Number(form.get("from")) || 0}&` : ""}added=${added}`, 303);
    }));
  app.post("/queue/discard", (c) =>
    doing(c, async () => {
      previews.drop(textOf(await formOf(c), "preview") ?? "");
      return c.redirect("/", 303);
    }));
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
