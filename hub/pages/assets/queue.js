// The queue page alone: files that are dropped, rows that are dragged, and the arrow keys on their handles.
(() => {
  const { send } = globalThis.civikit;
  const listOf = () => document.getElementById("list-waiting");
  /** Settles when the last row that was moved by a key stands in its place. */
  let moved = Promise.resolve();
  let presses = 0;

  function move(row, before, after) {
    const fields = before ? { before: before.dataset.job } : after ? { after: after.dataset.job } : undefined;
    if (fields) return send(`/queue/${row.dataset.job}/move`, new URLSearchParams(fields));
  }

  function prepare() {
    const list = listOf();
    if (!list || Sortable.get(list)) return;
    Sortable.create(list, {
      handle: ".handle",
      animation: 0,
      // the browser's own dragging cannot be seen by a finger, and takes files for rows
      forceFallback: true,
      onEnd({ item, oldIndex, newIndex }) {
        if (oldIndex !== newIndex) move(item, item.nextElementSibling, item.previousElementSibling);
      },
    });
  }

  /** Moves the row of a handle as a key says, from where it stands by now. */
  async function press(id, key) {
    const row = document.getElementById(id)?.closest("li");
    if (!row) return;
    const { parentElement: list, previousElementSibling: up, nextElementSibling: down } = row;
    const places = {
      ArrowUp: [up, undefined],
      ArrowDown: [undefined, down],
      Home: [row === list.firstElementChild ? undefined : list.firstElementChild, undefined],
      End: [undefined, row === list.lastElementChild ? undefined : list.lastElementChild],
    };
    await move(row, ...places[key]);
    document.getElementById(id)?.focus({ preventScroll: false });
  }

  document.addEventListener("keydown", (event) => {
    const handle = event.target.closest?.(".handle");
    if (!handle) {
      const isSend = event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.id === "references";
      if (isSend) event.target.form.requestSubmit(document.getElementById("add-now"));
      return;
    }
    if (!["ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
    event.preventDefault();
    // a press waits for the one before it; a key that is held down does not run ahead of its row
    if (event.repeat && presses > 0) return;
    presses++;
    moved = moved.then(() => press(handle.id, event.key)).finally(() => presses--);
  });

  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.add("is-dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("is-dropping");
  });
  document.addEventListener("drop", async (event) => {
    document.body.classList.remove("is-dropping");
    const { files = [] } = event.dataTransfer ?? {};
    if (files.length === 0) return;
    event.preventDefault();
    const form = new FormData();
    for (const file of files) form.append("files", file);
    await send("/queue/preview", form);
  });

  document.addEventListener("renewed", prepare);
  prepare();
})();
