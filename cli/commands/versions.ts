import { digestFile } from "../../transport/mod.ts";
import type { Version } from "../../api/mod.ts";
import { apiCommand, type ApiContext, idOperand, showFacts, sizeText } from "../run/api_command.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Command } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import { accessText } from "../terminal/access_text.ts";
import { factsText } from "../texts/facts.ts";
import { versionsHelp } from "../texts/site.ts";

function show(context: ApiContext, version: Version): void {
  const { id, name, modelId, model, baseModel, publishedAt, trainedWords, air, files } = version;
  const text = factsText[context.locale];
  showFacts(context, version, {
    [text.version]: `${id} ${name}`,
    [text.model]: `${modelId ?? "?"} ${model.name}`,
    [text.type]: model.mode ? `${model.type} (${model.mode})` : model.type,
    [text.base]: baseModel,
    [text.published]: publishedAt?.slice(0, 10),
    [text.access]: accessText(version, context.locale),
    [text.words]: trainedWords?.join(", "),
    [text.air]: air,
  });
  if (context.out.isJson || !files?.length) return;
  const rows = files.map((file) => [
    String(file.id),
    file.name,
    file.type,
    sizeText(file),
    [file.metadata?.format, file.metadata?.size, file.metadata?.fp].filter(Boolean).join(" "),
    file.hashes?.AutoV2 ?? "",
  ]);
  context.out.print("\n");
  context.out.table([text.fileHead.split(" | "), ...rows]);
}

async function get(context: ApiContext): Promise<void> {
  show(context, await context.api.versions.get(idOperand(context, "version id"), context));
}

const isHash = (text: string) => /^[0-9a-f]{8,64}$/i.test(text);

async function hashOf(operand: string, signal: AbortSignal): Promise<string> {
  if (isHash(operand)) return operand.toUpperCase();
  return (await digestFile(operand, ["SHA256"], { signal })).SHA256!;
}

async function byHash(context: ApiContext): Promise<number> {
  const { operands, api, signal, out } = context;
  if (operands.length === 0) throw new UsageError("a hash or a file is due");
  const hashes = new Map<string, string>();
  for (const operand of operands) hashes.set(operand, await hashOf(operand, signal));
  const whole = [...hashes.values()].filter((hash) => hash.length === 64);
  const found = whole.length > 1 ? await api.versions.byHashes(whole, { signal }) : new Map<string, Version>();
  const text = factsText[context.locale];
  let missing = 0;
  const rows: string[][] = [];
  for (const [operand, hash] of hashes) {
    const version = found.get(hash) ??
      (whole.length > 1 && hash.length === 64 ? null : await api.versions.byHash(hash, { signal }));
    if (version === null) {
      missing++;
      out.note(text.unknown(operand));
      continue;
    }
    out.emit(version);
    rows.push([operand, String(version.id), version.model.name, version.name, version.baseModel ?? ""]);
  }
  if (rows.length > 0) out.table([text.hashHead.split(" | "), ...rows]);
  return missing > 0 ? ExitCode.notFound : ExitCode.ok;
}

/** `civikit versions`: look at model versions. */
export const versionsCommand: Command = apiCommand({
  usage: "versions get|by-hash <what>... [options]",
  operands: { "by-hash": "file" },
  flags: {},
  help: versionsHelp,
  actions: { get, "by-hash": byHash },
});
