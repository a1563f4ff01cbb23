/** The version of this package, as in deno.json. */
export const version: string = "0.1.0";
