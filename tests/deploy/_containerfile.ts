/** One instruction of a Containerfile. */
export interface Instruction {
  readonly word: string;
  /** What follows, with lines that were broken joined. */
  readonly text: string;
}

/** A stage of a Containerfile: what follows its FROM. */
export interface Stage {
  readonly from: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/** A Containerfile taken apart. */
export interface Containerfile {
  /** The ARG lines before the first FROM, with their defaults. */
  readonly args: Readonly<Record<string, string>>;
  readonly stages: readonly Stage[];
}

/** Takes a Containerfile apart as its reference says; throws at a line that is no instruction. */
export function parseContainerfile(source: string): Containerfile {
  const lines = source.split("\n").filter((line) => !/^\s*#/.test(line)).join("\n").replaceAll(/\\\n/g, " ").split(
    "\n",
  );
  const args: Record<string, string> = {};
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const line of lines.filter((line) => line.trim() !== "")) {
    const [, word, text] = /^\s*([A-Z]+)\s+(\S.*)$/.exec(line) ?? [];
    if (word === undefined || text === undefined) throw new SyntaxError(`no instruction: ${line}`);
    if (word === "FROM") {
      const [, from, name] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(text)!;
      stages.push({ from: from!, name, instructions: [] });
    } else if (stages.length > 0) stages.at(-1)!.instructions.push({ word, text: text.trim() });
    else if (word === "ARG") args[text.split("=")[0]!] = text.slice(text.indexOf("=") + 1);
    else throw new SyntaxError(`before the first FROM: ${line}`);
  }
  return { args, stages };
}

/** The texts of all instructions of a kind. */
export function textsOf({ instructions }: Stage, word: string): string[] {
  return instructions.filter((each) => each.word === word).map(({ text }) => text);
}

/** The variables that ENV lines set. */
export function environmentOf(stage: Stage): Record<string, string> {
  const pairs = textsOf(stage, "ENV").flatMap((text) => text.split(/\s+/));
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

/** A command in its exec form; throws where it is a line for a shell, which the image does not have. */
export function execForm(text: string): string[] {
  const words = JSON.parse(text.slice(text.indexOf("["))) as unknown;
  if (!Array.isArray(words) || !words.every((word) => typeof word === "string")) throw new SyntaxError(text);
  return words;
}
