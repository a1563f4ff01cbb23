import type { Context, Hono } from "hono";
import { readAtMost } from "../../../transport/internal.ts";
import { CivikitError } from "../../../transport/mod.ts";
import type { WatchPort, WatchRule } from "../../watch/mod.ts";
import { type FormAnswer, refusal } from "../form_answer.ts";
import type { Bilingual } from "../page.ts";
import { counted } from "../queue/texts.ts";
import { readRule } from "./rule_form.ts";
import { texts } from "./texts.ts";

type Show = (c: Context, answer: FormAnswer, status?: 200 | 400 | 404) => Promise<Response>;

const mostFormBytes = 64 * 1024;

async function formOf({ req }: Context): Promise<URLSearchParams> {
  // by hand: what reads or limits it for us asks for request.signal, and then Deno prints a notice
  const bytes = await readAtMost(new Response(req.raw.body), mostFormBytes);
  return new URLSearchParams(new TextDecoder().decode(bytes));
}

const said = (text: Bilingual, name: string): FormAnswer => ({ note: (locale) => counted(text[locale], name) });

/** What the forms of the page are sent to, and those of other pages that watch something. */
export function watchForms(app: Hono, { store, changed, runNow }: WatchPort, show: Show): void {
  function doing(path: string, work: (form: URLSearchParams) => FormAnswer): void {
    app.post(path, async (c) => {
      try {
        return await show(c, work(await formOf(c)));
      } catch (error) {
        if (!(error instanceof CivikitError)) throw error;
        return await show(c, refusal(error), 400);
      }
    });
  }

  /** Does something with the rule the form names. */
  function acting(name: string, text: Bilingual, work: (rule: WatchRule, form: URLSearchParams) => void): void {
    doing(`/watch/${name}`, (form) => {
      const rule = store.get(form.get("id") ?? "");
      if (rule === undefined) return { note: (locale) => texts.missing[locale], isProblem: true };
      work(rule, form);
      changed(rule.id);
      return said(text, rule.name);
    });
  }

  doing("/watch/add", (form) => {
    const { rule, isNew } = store.add({ target: form.get("target") ?? "", ...readRule(form) });
    changed(rule.id);
    return said(isNew ? texts.added : texts.wasThere, rule.target);
  });
  acting("edit", texts.saved, (rule, form) => {
    const { schedule = null, timeZone = null, filters, options, action } = readRule(form, rule);
    store.edit(rule.id, { filters, options, action, schedule, timeZone });
  });
  acting("pause", texts.isPaused, ({ id }) => void store.pause(id, true));
  acting("resume", texts.isResumed, ({ id }) => void store.pause(id, false));
  acting("remove", texts.removed, ({ id }) => void store.remove(id));
  acting("now", texts.started, ({ id }) => runNow(id));
}
