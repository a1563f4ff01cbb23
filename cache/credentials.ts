import { isSecretName } from "../transport/internal.ts";

/** Every field of a request that says who asks, whatever its name, as one text; empty when there is none. */
export function credentialsOf(headers: Headers): string {
  let credentials = "";
  headers.forEach((value, name) => {
    if (isSecretName(name)) credentials += `${name}: ${value}\n`;
  });
  return credentials;
}
