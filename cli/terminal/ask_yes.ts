import type { Io } from "./io.ts";

/**
 * Asks on the terminal whether to go on; everything but a yes is a no.
 *
 * @returns Undefined where nobody can be asked.
 */
export async function askYes(
  { ask }: Pick<Io, "ask">,
  question: string,
): Promise<boolean | undefined> {
  const answer = await ask(`${question} [y/N]`);
  return answer === null ? undefined : /^\s*(?:y|yes|是|好|對)\s*$/i.test(answer);
}
