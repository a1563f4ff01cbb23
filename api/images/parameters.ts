const settings = /(?:^|\n)\s*(?=Steps:\s*\d)/;

/** Splits `A: 1, B: "x, y", C: [{"a": 1, "b": 2}]` at the commas that are in nothing. */
function fields(line: string): string[] {
  const parts: string[] = [];
  let depth = 0, isQuoted = false, start = 0;
  for (let at = 0; at < line.length; at++) {
    const letter = line[at];
    if (letter === "\\") at++;
    else if (letter === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (letter === "[" || letter === "{") depth++;
    else if (letter === "]" || letter === "}") depth--;
    else if (letter === "," && depth <= 0) {
      parts.push(line.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, line.slice(start)];
}

function unquoted(value: string): string {
  if (!/^".*"$/s.test(value)) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value.slice(1, -1);
  }
}

/**
 * Reads the text A1111, Forge, SD.Next and the site itself write into pictures: the prompt, `Negative prompt:`, and a last
 * line of settings. Names stay as they are written.
 */
export function readParameters(text: string): Record<string, string> {
  const [words = "", ...lines] = text.replaceAll("\r\n", "\n").split(settings);
  const [prompt = "", ...negative] = words.split(/(?:^|\n)Negative prompt:\s*/);
  const found: Record<string, string> = { prompt: prompt.trim() };
  if (negative.length > 0) found["negativePrompt"] = negative.join("\n").trim();
  for (const field of fields(lines.join("\n"))) {
    const colon = field.indexOf(":");
    if (colon > 0) found[field.slice(0, colon).trim()] ??= unquoted(field.slice(colon + 1).trim());
  }
  return found;
}
