// The library page alone: trigger words into the clipboard.
(() => {
  const content = document.getElementById("content");

  function prepare() {
    for (const node of document.querySelectorAll(".scripted[hidden]")) node.hidden = false;
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const note = document.getElementById("note");
    if (note) note.textContent = button.dataset.copy;
  });
  // the page takes over what the service draws, where the buttons are hidden
  new MutationObserver(prepare).observe(content, { childList: true, subtree: true, attributeFilter: ["hidden"] });
  prepare();
})();
