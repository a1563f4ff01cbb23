import {
  type Civitai,
  type ListVersion,
  type Model,
  type ModelQuery,
  parseReference,
  type SiteReference,
} from "../../api/mod.ts";
import {
  apiCommand,
  type ApiContext,
  count,
  listFlags,
  listOptions,
  several,
  showList,
  showTable,
  sizeText,
  wordsOf,
} from "../run/api_command.ts";
import { isCode } from "../../transport/mod.ts";
import { UsageError } from "../options/args.ts";
import type { Command } from "../command.ts";
import { printable } from "../terminal/text.ts";
import { jsonLine } from "../terminal/json_line.ts";
import { periods, siteWords, wordOption } from "../options/known_words.ts";

const help = `actions:
  search [<words>]   models that fit, best rated first
  get <what>         one model with its versions: an id, a page's URL or an AIR

Options with several values take commas: --type LORA,LoCon. An unknown tag or
base model is an error, because Civitai would ignore the tag, or find nothing.

examples:
  civikit models search lantern --type LORA --base "SDXL 1.0" --nsfw
  civikit models search --user lamplighter --sort Newest --all --json
  civikit models get https://civitai.com/models/4384`;

const sorts = [
  "Highest Rated",
  "Most Downloaded",
  "Most Liked",
  "Most Discussed",
  "Most Collected",
  "Most Images",
  "Newest",
  "Oldest",
];

async function queryOf(context: ApiContext): Promise<ModelQuery> {
  const { args } = context;
  const text = (name: string) => args.value(name);
  const query = {
    query: wordsOf(context),
    tag: text("tag"),
    username: text("user"),
    types: await siteWords(context, "type", several(context, "type"), ["ModelType"]),
    baseModels: await siteWords(context, "base", several(context, "base"), ["BaseModel", "ActiveBaseModel"]),
    sort: wordOption(context, "sort", sorts),
    period: wordOption(context, "period", periods),
    nsfw: args.has("nsfw") || undefined,
    archived: args.has("archived") || undefined,
    favorites: args.has("favorites") || undefined,
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as ModelQuery;
}

function bases({ baseModels, modelVersions }: Model): string {
  return [...new Set(baseModels ?? modelVersions.map(({ baseModel }) => baseModel ?? ""))].join(", ");
}

async function search(context: ApiContext): Promise<void> {
  const list = context.api.models.list(await queryOf(context), listOptions(context));
  await showList(context, list, ["ID", "NAME", "TYPE", "BASE", "CREATOR", "DOWNLOADS"], (model) => [
    String(model.id),
    model.name,
    model.type,
    bases(model),
    String(model.creator?.username ?? ""),
    count(model.stats?.downloadCount),
  ]);
}

function versionRow({ id, name, baseModel, publishedAt, files }: ListVersion): string[] {
  const main = files?.find(({ primary }) => primary) ?? files?.[0];
  return [
    String(id),
    name,
    baseModel ?? "",
    publishedAt?.slice(0, 10) ?? "",
    main === undefined ? "no files" : sizeText(main),
    main?.name ?? "",
  ];
}

async function get(context: ApiContext): Promise<void> {
  async function modelOf({ models, versions }: Civitai, reference: SiteReference): Promise<Model> {
    const modelId = reference.modelId ??
      ("versionId" in reference ? (await versions.get(reference.versionId, { signal })).modelId : undefined);
    if (!modelId) {
      throw new UsageError(`"${printable(reference.text)}": Civitai does not say which model it belongs to`);
    }
    return await models.get(modelId, { signal });
  }

  const { api, signal, operands: [text, ...more] } = context;
  if (text === undefined || more.length > 0) throw new UsageError("one model is due: an id, a URL or an AIR");
  const reference = parseReference(/^\d+$/.test(text) ? `model:${text}` : text, api);
  if (reference.kind === "url") throw new UsageError(`"${printable(text)}": no model on Civitai`);
  const model = await modelOf(api, reference).catch((error) => {
    const other = isCode(error, "not_found") ? api.elsewhere(reference) : undefined;
    if (other === undefined) throw error;
    return modelOf(other, reference);
  });
  if (context.isJson) return jsonLine(context.io, model);
  const facts = [
    ["model", `${model.id} ${model.name}`],
    ["type", model.mode ? `${model.type} (${model.mode})` : model.type],
    ["creator", String(model.creator?.username ?? "")],
    ["tags", (model.tags ?? []).map((tag) => typeof tag === "string" ? tag : tag.name).join(", ")],
    ["downloads", count(model.stats?.downloadCount)],
    ["page", `${api.baseUrl}/models/${model.id}`],
  ];
  showTable(context, facts.filter(([, value]) => value !== ""));
  context.io.stdout("\n");
  const head = ["VERSION", "NAME", "BASE MODEL", "PUBLISHED", "SIZE", "FILE"];
  showTable(context, [head, ...model.modelVersions.map(versionRow)]);
}

/** `civikit models`: search and look at models. */
export const modelsCommand: Command = apiCommand({
  name: "models",
  summary: "Searches models, or shows one with its versions.",
  usage: "models search|get [<words>|<what>] [options]",
  flags: [
    { name: "type", value: "NAME", about: "kinds of models, with commas between, such as LORA,Checkpoint" },
    { name: "base", value: "NAME", about: 'base models, with commas between, such as "SDXL 1.0,Pony"' },
    { name: "tag", value: "TAG", about: "one tag, exactly" },
    { name: "user", value: "NAME", about: "models of one creator" },
    { name: "sort", value: "ORDER", about: '"Highest Rated" (default), "Most Downloaded", Newest, Oldest, ...' },
    { name: "period", value: "TIME", about: "AllTime (default), Year, Month, Week, Day" },
    { name: "nsfw", about: "all levels, not only PG" },
    { name: "archived", about: "archived models too" },
    { name: "favorites", about: "only your favourites; needs a key" },
    ...listFlags,
  ],
  help,
  actions: { search, get },
});
