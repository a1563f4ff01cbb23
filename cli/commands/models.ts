import {
  type Civitai,
  type ListVersion,
  type Model,
  type ModelQuery,
  parseReference,
  type SiteReference,
  type Version,
} from "../../api/mod.ts";
import { accessText } from "../terminal/access_text.ts";
import { apiCommand, type ApiContext, count, listOptions, showList, sizeText, wordsOf } from "../run/api_command.ts";
import { isCode, type Locale } from "../../transport/mod.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Flags } from "../options/flags.ts";
import { listFlags, searchFlags } from "../options/shared_flags.ts";
import type { Command } from "../command.ts";
import { printable, withColons } from "../terminal/text.ts";
import { siteWords } from "../options/known_words.ts";
import { factsText } from "../texts/facts.ts";
import { modelsHelp } from "../texts/site.ts";

const flags = {
  type: {
    ...searchFlags.type,
    suggests: "ModelType",
    help: { ...searchFlags.type.help, en: "kinds of models, with commas between, such as LORA,Checkpoint" },
  },
  base: searchFlags.base,
  tag: { type: "text", value: "TAG", help: { en: "one tag, exactly", "zh-TW": "有這個標籤的模型" } },
  user: { ...searchFlags.user, help: { ...searchFlags.user.help, en: "models of one creator" } },
  sort: {
    ...searchFlags.sort,
    words: [
      "Highest Rated",
      "Most Downloaded",
      "Most Liked",
      "Most Discussed",
      "Most Collected",
      "Most Images",
      "Newest",
      "Oldest",
    ],
    help: { ...searchFlags.sort.help, en: '"Highest Rated" (default), "Most Downloaded", Newest, Oldest, ...' },
  },
  period: searchFlags.period,
  nsfw: searchFlags.nsfw,
  archived: { type: "switch", help: { en: "archived models too", "zh-TW": "包括已封存的模型" } },
  favorites: {
    type: "switch",
    help: { en: "only your favourites; needs a key", "zh-TW": "只要您收藏的；需要金鑰" },
  },
  ...listFlags,
} as const satisfies Flags;

type ModelsContext = ApiContext<typeof flags>;

async function queryOf(context: ModelsContext): Promise<ModelQuery> {
  const { type, base, tag, user, sort, period, nsfw, archived, favorites } = context.flags;
  const query = {
    query: wordsOf(context),
    tag,
    username: user,
    types: await siteWords(context, "type", type, ["ModelType"]),
    baseModels: await siteWords(context, "base", base, ["BaseModel", "ActiveBaseModel"]),
    sort,
    period,
    nsfw: nsfw || undefined,
    archived: archived || undefined,
    favorites: favorites || undefined,
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as ModelQuery;
}

function bases({ baseModels, modelVersions }: Model): string {
  return [...new Set(baseModels ?? modelVersions.map(({ baseModel }) => baseModel ?? ""))].join(", ");
}

async function search(context: ModelsContext): Promise<void> {
  const list = context.api.models.list(await queryOf(context), listOptions(context));
  const text = factsText[context.locale];
  let first: number | undefined;
  await showList(context, list, text.modelHead.split(" | "), (model) => {
    first ??= model.id;
    const newest = model.modelVersions[0];
    return [
      String(model.id),
      model.name,
      model.type,
      bases(model),
      String(model.creator?.username ?? ""),
      count(model.stats?.downloadCount),
      newest?.publishedAt?.slice(0, 10) ?? "",
    ];
  });
  if (first !== undefined) context.out.note(text.nextGet(first));
}

const mainFile = ({ files }: ListVersion) => files?.find(({ primary }) => primary) ?? files?.[0];

/** A version in a row; what may be done with it the site says only when it is asked for the version itself. */
function versionRow(version: ListVersion, asked: Version | undefined, locale: Locale): string[] {
  const { id, name, baseModel, publishedAt, files } = version;
  const text = factsText[locale];
  const main = mainFile(version);
  const others = (files?.length ?? 0) - 1;
  return [
    String(id),
    name,
    baseModel ?? "",
    publishedAt?.slice(0, 10) ?? "",
    main === undefined ? text.noFiles : sizeText(main),
    accessText(asked?.id === id ? { ...version, ...asked } : version, locale),
    `${main?.name ?? ""}${others > 0 ? text.more(others) : ""}`,
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
  const { out, locale } = context;
  if (out.isJson) return out.emit(model);
  const words = factsText[locale];
  const { modelVersions } = model;
  const newest = modelVersions.find(({ files }) => files?.length);
  const asked = newest && await api.versions.get(newest.id, { signal }).catch(() => undefined);
  signal.throwIfAborted();
  const facts = [
    [words.model, `${model.id} ${model.name}`],
    [words.type, model.mode ? `${model.type} (${model.mode})` : model.type],
    [words.creator, String(model.creator?.username ?? "")],
    [words.tags, (model.tags ?? []).map((tag) => typeof tag === "string" ? tag : tag.name).join(", ")],
    [words.downloads, count(model.stats?.downloadCount)],
    [words.page, `${api.baseUrl}/models/${model.id}`],
  ] as const;
  out.facts(facts.filter(([, value]) => value !== ""));
  out.print("\n");
  out.table([words.versionHead.split(" | "), ...modelVersions.map((one) => versionRow(one, asked, locale))]);
  const trained = modelVersions.filter(({ trainedWords }) => trainedWords?.length);
  // not a table: a word that is cut is none
  const lines = trained.map(({ id, trainedWords }) => `  ${id}  ${printable(trainedWords!.join(", "))}\n`);
  if (lines.length > 0) out.print(`\n${withColons(words.words, "").trimEnd()}\n${lines.join("")}`);
  if (asked !== undefined && accessText(asked, locale) === "") out.note(words.nextDownload(asked.id));
}

/** `civikit models`: search and look at models. */
export const modelsCommand: Command = apiCommand({
  usage: "models [search|get] [<words>|<what>] [options]",
  flags,
  help: modelsHelp,
  actions: { search, get },
  usualAction: "search",
});
