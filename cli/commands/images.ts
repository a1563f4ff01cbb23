import { generationOf, type ImageQuery, saveImages } from "../../api/mod.ts";
import { formatBytes } from "../../transport/internal.ts";
import { apiCommand, type ApiContext, idOperand, listOptions, showFacts, showList } from "../run/api_command.ts";
import { downloadSettings } from "../run/download_settings.ts";
import type { Flags } from "../options/flags.ts";
import {
  dirFlags,
  fetchFlags,
  jobsFlag,
  listFlags,
  type outputFlags,
  searchFlags,
  yesFlags,
} from "../options/shared_flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { imagesHelp, imagesText } from "../texts/site.ts";
import { type Args, readArgs } from "../options/args.ts";
import { projectFlags } from "../options/project_options.ts";
import { UsageError } from "../options/usage_error.ts";
import { bilingual } from "../texts/texts.ts";

const idFlag = { type: "whole", value: "ID", least: 1, most: 2 ** 31 - 1 } as const;

const flags = {
  modelId: {
    ...idFlag,
    help: { en: "images made with a model (slow for big ones)", "zh-TW": "用這個模型做的圖片" },
  },
  versionId: { ...idFlag, help: { en: "images made with a version", "zh-TW": "用這個版本做的圖片" } },
  postId: { ...idFlag, help: { en: "images of one post", "zh-TW": "這篇貼文裡的圖片" } },
  user: { ...searchFlags.user, help: { ...searchFlags.user.help, en: "images of one user" } },
  type: {
    ...searchFlags.type,
    type: "word",
    words: ["image", "video", "audio"],
    help: { ...searchFlags.type.help, en: "image, video or audio" },
  },
  sort: {
    ...searchFlags.sort,
    words: ["Most Reactions", "Most Comments", "Most Collected", "Newest", "Oldest", "Random"],
    help: {
      ...searchFlags.sort.help,
      en: '"Most Reactions" (default), "Most Comments", Newest, Oldest, Random',
    },
  },
  period: searchFlags.period,
  nsfw: searchFlags.nsfw,
  ...listFlags,
  dir: { ...dirFlags.dir, default: "images", help: { ...dirFlags.dir.help, en: "download: where to save" } },
  jobs: {
    ...jobsFlag,
    most: 32,
    default: 5,
    help: { ...jobsFlag.help, en: "download: images at once" },
  },
  limitRate: fetchFlags.limitRate,
  width: {
    type: "whole",
    value: "PIXELS",
    least: 1,
    most: 1800,
    usual: { en: "the originals", "zh-TW": "原圖" },
    help: { en: "download: smaller copies of this width", "zh-TW": "圖片縮到這個寬度" },
  },
  videos: {
    type: "word",
    value: "HOW",
    words: ["save", "still", "skip"],
    default: "save",
    help: {
      en: "download: what becomes of videos: save, still or skip",
      "zh-TW": "影片怎麼辦：`save`、`still`、`skip`",
    },
  },
  sidecar: {
    type: "switch",
    help: {
      en: "download: beside each image a .json with how it was made",
      "zh-TW": "每張圖片旁邊寫一個 `.json`，記下它怎麼做的",
    },
  },
  add: {
    type: "switch",
    help: {
      en: "get: adds the models it was made with to the project, as civikit add does",
      "zh-TW": "`get`：把這張圖片用到的模型加入專案，與 `civikit add` 相同",
    },
  },
  ...yesFlags,
  dryRun: fetchFlags.dryRun,
  project: projectFlags.project,
} as const satisfies Flags;

type ImagesContext = ApiContext<typeof flags>;
type ImagesArgs = Args<typeof flags & Pick<typeof outputFlags, "json">>;

function queryOf(context: ImagesContext, withMeta: boolean): ImageQuery {
  const { modelId, versionId, postId, user, sort, period, type, nsfw } = context.flags;
  const query = {
    modelId,
    modelVersionId: versionId,
    postId,
    username: user,
    sort,
    period,
    type,
    nsfw: nsfw || undefined,
    withMeta: withMeta || undefined,
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as ImageQuery;
}

async function search(context: ImagesContext): Promise<void> {
  const list = context.api.images.list(queryOf(context, context.out.isJson), listOptions(context));
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
  const image = await context.api.images.get(idOperand(context, imagesText[context.locale].imageId), context);
  const made = generationOf(image);
  const words = imagesText[context.locale];
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
      [words.steps, made.steps],
      [words.sampler, made.sampler],
      [words.cfg, made.cfgScale],
      [words.seed, made.seed],
      [words.model, made.model],
    ].filter(([, value]) => value !== undefined).map((pair) => pair.join(" ")).join(", "),
  });
}

async function download(context: ImagesContext): Promise<number> {
  const { flags, api, transport, signal, out } = context;
  const { dir, jobs: concurrency, width, videos, sidecar } = flags;
  const list = api.images.list(queryOf(context, sidecar), listOptions(context));
  const options = { signal, concurrency, sidecar, videos, download: downloadSettings(context.settings) };
  const states = { saved: 0, exists: 0, skipped: 0, failed: 0 };
  let total = 0;
  for await (
    const { image, state, path, bytes, error } of saveImages(transport, list, dir, {
      ...options,
      ...(width !== undefined && { width }),
    })
  ) {
    states[state]++;
    total += bytes ?? 0;
    const event = { event: "image", id: image.id ?? null, state, path: path ?? null, bytes: bytes ?? null };
    if (error === undefined) out.emit(event);
    else out.fail(error, String(image.id ?? image.url), event);
  }
  return out.finish({ ...states, bytes: total }, `${imagesText[context.locale].summary(states, formatBytes(total))}\n`);
}

const images = apiCommand({
  usage: "images [search|get|download] [<id>] [options]",
  flags,
  help: imagesHelp,
  actions: { search, get, download },
  usualAction: "search",
});

/** `civikit images get ID --add`: what `civikit add` does with the image's page. */
async function addImage({ operands, flags }: ImagesArgs, context: CommandContext): Promise<number> {
  const [action, id, ...more] = operands;
  if (action !== "get" || id === undefined || more.length > 0 || !/^\d{1,10}$/.test(id)) {
    throw new UsageError(bilingual(imagesText, (t) => t.addOne));
  }
  const { yes, dryRun, json, project } = flags;
  const switches = Object.entries({ yes, "dry-run": dryRun, json }).filter(([, is]) => is).map(([name]) => `--${name}`);
  const page = `${context.settings.value("baseUrl")}/images/${id}`;
  const where = project === undefined ? [] : ["--project", project];
  const add = (await context.loadCommands()).find(({ name }) => name === "add")!;
  return await add.run(readArgs([page, ...where, ...switches], add.flags), { ...context, command: add.name });
}

/** `civikit images`: search, look at and save images. */
export const imagesCommand: Command = {
  ...images,
  run: (args, context) => {
    const own = args as unknown as ImagesArgs;
    return own.flags.add ? addImage(own, context) : images.run(args, context);
  },
};
