import { generationOf, type ImageOutcome, type ImageQuery, saveImages } from "../../api/mod.ts";
import { formatBytes } from "../../transport/internal.ts";
import {
  apiCommand,
  type ApiContext,
  idOperand,
  listFlags,
  listOptions,
  showFacts,
  showList,
} from "../run/api_command.ts";
import { UsageError, wholeNumber } from "../options/args.ts";
import type { Command } from "../command.ts";
import { exitCode, sharedExitCode } from "../exit_code.ts";
import { describeFailure } from "../terminal/failure.ts";
import { failureFields, jsonLine } from "../terminal/json_line.ts";
import { periods, wordOption } from "../options/known_words.ts";

const help = `actions:
  search         images that fit, most reactions first
  get <id>       one image and how it was made
  download       saves the images that fit, five at a time; those already in the
                 folder are left alone, so the same command goes on

The ending of a saved file says what its bytes are, whatever its URL says. With
--json, every line of download is an object with "event": image or summary.

examples:
  civikit images search --version-id 128713 --limit 5
  civikit images get 98780806 --json
  civikit images download --user lamplighter --limit 200 --dir gallery --sidecar`;

const videoWays = ["save", "still", "skip"] as const;

const sorts = ["Most Reactions", "Most Comments", "Most Collected", "Newest", "Oldest", "Random"];
const kinds = ["image", "video", "audio"];

function queryOf(context: ApiContext, withMeta: boolean): ImageQuery {
  const { args } = context;
  const id = (name: string) => wholeNumber(args, name, 1, 2 ** 31 - 1);
  const query = {
    modelId: id("model-id"),
    modelVersionId: id("version-id"),
    postId: id("post-id"),
    username: args.value("user"),
    sort: wordOption(context, "sort", sorts),
    period: wordOption(context, "period", periods),
    type: wordOption(context, "type", kinds),
    nsfw: args.has("nsfw") || undefined,
    withMeta: withMeta || undefined,
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as ImageQuery;
}

async function search(context: ApiContext): Promise<void> {
  const list = context.api.images.list(queryOf(context, context.isJson), listOptions(context));
  await showList(context, list, ["ID", "SIZE", "TYPE", "LEVEL", "CREATOR", "BASE MODEL", "URL"], (image) => [
    String(image.id),
    `${image.width ?? "?"}x${image.height ?? "?"}`,
    image.type ?? "image",
    String(image.nsfwLevel ?? ""),
    String(image.username ?? ""),
    image.baseModel ?? "",
    image.url,
  ]);
}

async function get(context: ApiContext): Promise<void> {
  const image = await context.api.images.get(idOperand(context, "image id"), context);
  const made = generationOf(image);
  showFacts(context, image, {
    image: image.id,
    size: `${image.width}x${image.height}`,
    creator: image.username,
    level: image.nsfwLevel,
    post: image.postId,
    url: image.url,
    prompt: made?.prompt,
    negative: made?.negativePrompt,
    settings: made && [
      ["steps", made.steps],
      ["sampler", made.sampler],
      ["cfg", made.cfgScale],
      ["seed", made.seed],
      ["model", made.model],
    ].filter(([, value]) => value !== undefined).map((pair) => pair.join(" ")).join(", "),
  });
}

function tell({ io, isJson, locale, style }: ApiContext, { image, state, path, bytes, error }: ImageOutcome): void {
  const subject = String(image.id ?? image.url);
  if (isJson) {
    const failure = error === undefined ? {} : failureFields(error);
    jsonLine(io, { event: "image", id: image.id ?? null, state, path: path ?? null, bytes: bytes ?? null, ...failure });
  } else if (state === "failed") io.stderr(describeFailure(error, subject, locale, style));
}

async function download(context: ApiContext): Promise<number> {
  const { args, api, transport, signal, io, isJson } = context;
  const dir = args.value("dir") ?? "images";
  const videos = args.value("videos") ?? "save";
  const concurrency = wholeNumber(args, "jobs", 1, 32) ?? 5;
  if (!videoWays.some((way) => way === videos)) {
    throw new UsageError(`option --videos: ${videoWays.join(", ")} are known`);
  }
  const width = wholeNumber(args, "width", 1, 1800);
  const sidecar = args.has("sidecar");
  const list = api.images.list(queryOf(context, sidecar), listOptions(context));
  const options = { signal, concurrency, sidecar, videos: videos as typeof videoWays[number] };
  const states = { saved: 0, exists: 0, skipped: 0, failed: 0 };
  const codes: number[] = [];
  let total = 0;
  for await (const outcome of saveImages(transport, list, dir, { ...options, ...(width !== undefined && { width }) })) {
    states[outcome.state]++;
    total += outcome.bytes ?? 0;
    if (outcome.error !== undefined) codes.push(exitCode(outcome.error));
    tell(context, outcome);
  }
  const code = sharedExitCode(codes);
  if (isJson) jsonLine(io, { event: "summary", ...states, bytes: total, exitCode: code });
  else {
    io.stdout(
      `${states.saved} saved (${formatBytes(total)}), ${states.exists} already there, ${states.skipped} skipped, ` +
        `${states.failed} failed\n`,
    );
  }
  return code;
}

/** `civikit images`: search, look at and save images. */
export const imagesCommand: Command = apiCommand({
  name: "images",
  summary: "Searches the gallery, shows how an image was made, saves images.",
  usage: "images search|get|download [<id>] [options]",
  flags: [
    { name: "model-id", value: "ID", about: "images made with a model (slow for big ones)" },
    { name: "version-id", value: "ID", about: "images made with a version" },
    { name: "post-id", value: "ID", about: "images of one post" },
    { name: "user", value: "NAME", about: "images of one user" },
    { name: "type", value: "NAME", about: "image, video or audio" },
    { name: "sort", value: "ORDER", about: '"Most Reactions" (default), "Most Comments", Newest, Oldest, Random' },
    { name: "period", value: "TIME", about: "AllTime (default), Year, Month, Week, Day" },
    { name: "nsfw", about: "all levels, not only PG" },
    ...listFlags,
    { name: "dir", short: "d", value: "FOLDER", about: "download: where to save (default: images)" },
    { name: "jobs", short: "j", value: "N", about: "download: images at once, 1-32 (default: 5)" },
    { name: "width", value: "PIXELS", about: "download: smaller copies of this width (default: the originals)" },
    { name: "videos", value: "HOW", about: "download: save (default), still or skip" },
    { name: "sidecar", about: "download: beside each image a .json with how it was made" },
  ],
  help,
  actions: { search, get, download },
});
