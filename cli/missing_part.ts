import type { Bilingual } from "./texts/texts.ts";

/** A module of the program itself that could not be loaded when it was due. */
export class MissingPartError extends Error {
  override readonly name = "MissingPartError";
  /** What to tell people. */
  readonly texts: Bilingual;

  constructor(texts: Bilingual, cause?: unknown) {
    super(texts.en, { cause });
    this.texts = texts;
  }
}

/** Whether modules beside this one may be read from disk; asked before, because Deno would stop and ask the user. */
function isReadable(): boolean {
  const folder = new URL(".", import.meta.url);
  if (folder.protocol !== "file:") return true;
  return Deno.permissions.querySync({ name: "read", path: folder }).state === "granted";
}

/**
 * Loads a part of the program.
 *
 * @throws {MissingPartError} When it cannot be had: no right to read it, or it has not been fetched yet and there is no network.
 */
export async function loadPart<T>(load: () => Promise<T>): Promise<T> {
  if (!isReadable()) {
    throw new MissingPartError({
      en: "reading civikit's own modules: Deno was not given --allow-read for them",
      "zh-TW": "讀取 civikit 自己的模組：Deno 沒有給 --allow-read",
    });
  }
  try {
    return await load();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new MissingPartError({
      en:
        `loading a part of civikit: ${message}\nParts are fetched when they are first used; connect and run it again.`,
      "zh-TW": `載入 civikit 的一部分：${message}\n各部分在第一次使用時才取得；請連上網路後再執行一次。`,
    }, error);
  }
}
