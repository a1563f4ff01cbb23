// The library page alone: trigger words into the clipboard.
/** Copies a text; a page that is not on this machine and not behind https has no clipboard but the old one. */
async function copy(text) {
  if (navigator.clipboard) return await navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  const { activeElement } = document;
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  activeElement?.focus({ preventScroll: true });
  if (!isCopied) throw new Error("the browser copies nothing");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const note = document.getElementById("note");
  try {
    await copy(button.dataset.copy);
    note.textContent = button.dataset.copied;
  } catch {
    note.textContent = button.dataset.copy;
  }
});
