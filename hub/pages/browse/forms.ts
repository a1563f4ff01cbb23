import type { Context, Hono } from "hono";
import { readAtMost } from "../../../transport/internal.ts";
import { CivikitError, InputError } from "../../../transport/mod.ts";
import { addJobs } from "../../add_jobs.ts";
import type { Parts } from "../../parts.ts";
import { previewPath } from "../../search/found.ts";
import { previewImage } from "../../search/preview_image.ts";
import { counted } from "../queue/texts.ts";
import { type FormAnswer, refusal } from "../form_answer.ts";
import { texts } from "./texts.ts";

type Show = (c: Context, answer: FormAnswer, status?: 200 | 400) => Promise<Response>;

const mostFormBytes = 64 * 1024;
const daySeconds = 86_400;

/** The version and the file that were chosen. @throws {InputError} When that is neither. */
async function choiceOf({ req }: Context): Promise<{ reference: string; file?: string | undefined }> {
  // by hand: what reads or limits it for us asks for request.signal, and then Deno prints a notice
  const bytes = await readAtMost(new Response(req.raw.body), mostFormBytes);
  const form = new URLSearchParams(new TextDecoder().decode(bytes));
  const chosen = /^([1-9]\d{0,14})(?:\/([1-9]\d{0,14}))?$/.exec(form.get("choice") ?? "");
  if (chosen !== null) return { reference: `version:${chosen[1]}`, file: chosen[2] };
  throw new InputError('reading the form: "choice" is no version and no file of one', {
    ...{ code: "invalid_argument", input: "choice" },
  });
}

/** What the cards' forms are sent to, and the pictures on them. */
export function browseForms(app: Hono, parts: Parts, show: Show): void {
  /** Does it and shows the page it was asked from, with what was done or why not. */
  async function doing(c: Context, work: () => Promise<FormAnswer>): Promise<Response> {
    try {
      return await show(c, await work());
    } catch (error) {
      if (!(error instanceof CivikitError)) throw error;
      return await show(c, refusal(error), 400);
    }
  }

  app.post("/browse/add", (c) =>
    doing(c, async () => {
      const { reference, file } = await choiceOf(c);
      const [added] = await addJobs(parts, [reference], file === undefined ? {} : { file });
      return { note: (locale) => counted(texts[added!.isNew ? "added" : "wasThere"][locale], reference) };
    }));
  if (parts.project !== undefined) {
    const { project } = parts;
    app.post("/browse/project", (c) =>
      doing(c, async () => {
        const { reference, file } = await choiceOf(c);
        const { air } = await project.add(reference, file);
        // as civikit add does; what is under way already takes it up, or the next install
        project.install();
        return { note: (locale) => counted(texts.addedProject[locale], air) };
      }));
  }
  app.get(previewPath, async (c) => {
    // what is no picture, or cannot be had, is a gap on the page: the page itself says what is wrong with the site
    const image = await previewImage(c.req.query("url") ?? "", parts.api, parts.transport!).catch((error) => {
      if (!(error instanceof CivikitError) && !(error instanceof DOMException)) throw error;
      return undefined;
    });
    if (image === undefined) return c.body(null, 404, { "cache-control": "no-store" });
    const { bytes, contentType } = image;
    return c.body(bytes, 200, { "content-type": contentType, "cache-control": `private, max-age=${daySeconds}` });
  });
}
