// civikit's sidebar in ComfyUI: it talks to ComfyUI's own server, which passes it on.

// both are there once this file is in place
const { app } = await import(new URL("../../scripts/app.js", import.meta.url).href);
const { askWith, mountPanel } = await import(new URL("civikit_panel.mjs", import.meta.url).href);

const ask = askWith((path, options) => app.api.fetchApi(`/civikit/${path}`, options));
let asked = "";

/** The open graph, with what its nodes say of their models. */
function graph() {
  const open = (app.rootGraph ?? app.graph)?.serialize() ?? { nodes: [] };
  const text = JSON.stringify(open);
  const isNew = text !== asked;
  asked = text;
  return Promise.resolve({ body: { graph: open }, isNew });
}

app.registerExtension({
  name: "civikit.bridge",
  setup() {
    app.extensionManager.registerSidebarTab({
      id: "civikit",
      icon: "pi pi-download",
      title: "civikit",
      tooltip: "civikit",
      type: "custom",
      render: (place) => mountPanel(place, { ask, wanted: graph, done: () => app.refreshComboInNodes?.() }),
    });
  },
});
