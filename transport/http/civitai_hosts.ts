/** Hosts of Civitai that are asked for data and downloads, and that may see the key. */
export const trustedHosts: readonly string[] = ["civitai.com", "civitai.red"];

/** Those, and the safe-content mirror and API origin: what they answer and their page URLs are Civitai's too. */
export const civitaiHosts: readonly string[] = [...trustedHosts, "civitai.green", "api.civitai.com"];
