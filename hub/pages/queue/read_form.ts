import type { Context } from "hono";
import { readAtMost } from "../../../transport/internal.ts";
import { CivikitError, InputError } from "../../../transport/mod.ts";
import type { PreviewSource } from "../../preview/preview.ts";
import { wishesIn, wishesInFile } from "../../preview/wishes.ts";

/** A picture is a few megabytes; ten thousand lines are less. */
const mostFormBytes = 64 * 1024 ** 2;

/** The form of a request. @throws {InputError} When it is none, or too long. */
export async function formOf({ req }: Context): Promise<FormData> {
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

/** What was written into a field; undefined where that is nothing. */
export function textOf(form: FormData, name: string): string | undefined {
  const value = form.get(name);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** Everything that is wished for in a form: its lines and its files. */
export async function wishesOf(form: FormData): Promise<PreviewSource> {
  const texts = form.getAll("references").filter((one) => typeof one === "string");
  const files = form.getAll("files").filter((one) => one instanceof File && one.size > 0) as File[];
  const source = {
    wishes: texts.flatMap((text) => wishesIn(text)),
    used: [] as PreviewSource["used"][number][],
    unread: [] as PreviewSource["unread"][number][],
  };
  for (const file of files) {
    try {
      const { wishes, used: models } = wishesInFile(file.name, await file.bytes());
      source.wishes.push(...wishes);
      if (models.length > 0) source.used.push({ file: file.name, models });
    } catch (error) {
      if (!(error instanceof CivikitError)) throw error;
      source.unread.push({ file: file.name, error });
    }
  }
  return { ...source, wishes: [...new Map(source.wishes.map((wish) => [wish.text, wish])).values()] };
}
