// civikit's tab in Stable Diffusion web UI, Forge and SD.Next: it talks to the UI's own server, which passes it on.

// beside this file once it is in place
const { askWith, mountPanel } = await import(new URL("civikit_panel.mjs", import.meta.url).href);

/** The buttons by which the UI reads its lists anew, in its versions; what is not there is left alone. */
const refreshButtons = [
  "#refresh_sd_model_checkpoint",
  "#forge_refresh_checkpoint",
  "#refresh_sd_vae",
  "#txt2img_extra_refresh",
  "#img2img_extra_refresh",
  "#txt2img_lora_extra_refresh",
  "#txt2img_checkpoints_extra_refresh",
  "#txt2img_textual_inversion_extra_refresh",
];

const app = () => globalThis.gradioApp?.() ?? document;
const ask = askWith((path, options) => fetch(`civikit/${path}`, options), "api/");
let seen = 0;

/** What was last pasted into the UI, else what stands in the prompt now. */
async function pasted() {
  const { data } = await ask("GET", "pasted");
  const isNew = data?.number > seen;
  if (isNew) seen = data.number;
  const prompt = app().querySelector("#txt2img_prompt textarea")?.value ?? "";
  return { body: { text: data?.text || prompt }, isNew };
}

async function done() {
  await ask("POST", "refresh", {});
  for (const selector of refreshButtons) app().querySelector(selector)?.click();
}

function mount() {
  const place = app().querySelector("#civikit_panel");
  if (place !== null && place.dataset.mounted === undefined) mountPanel(place, { ask, wanted: pasted, done });
}

globalThis.onUiLoaded?.(mount);
globalThis.onAfterUiUpdate?.(mount);
mount();
