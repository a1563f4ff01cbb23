import { isSecretName } from "../transport/internal.ts";

const known = new Map<string, boolean>();
const mostKnown = 256;

/** Remembered, because taking a name apart costs as much as a hit. */
function isCredential(name: string): boolean {
  let answer = known.get(name);
  if (answer === undefined) {
    if (known.size >= mostKnown) known.clear();
    known.set(name, answer = isSecretName(name));
  }
  return answer;
}

/** Every field of a request that says who asks, whatever its name, as one text; empty when there is none. */
export function credentialsOf(headers: Headers): string {
  let credentials = "";
  headers.forEach((value, name) => {
    if (isCredential(name)) credentials += `${name}: ${value}\n`;
  });
  return credentials;
}
