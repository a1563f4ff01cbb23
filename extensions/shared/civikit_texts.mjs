// What the panel says, in two languages, and what it looks like: in the colours of the UI around it.

export const texts = {
  en: {
    missing: "Models in use",
    look: "Look again",
    all: (count) => `Get all ${count}`,
    get: "Get",
    nothing: "Nothing names a model yet: paste the text of a picture, or open a workflow.",
    queue: "Queue",
    empty: "Nothing is under way.",
    states: { here: "here", queued: "in the queue", missing: "missing", unknown: "nobody knows where" },
    code: "Pairing code",
    send: "Pair",
    failed: "failed",
    addLabel: "Id, AIR or address of a model",
    add: "Add",
  },
  zh: {
    missing: "用到的模型",
    look: "再看一次",
    all: (count) => `取得全部 ${count} 個`,
    get: "取得",
    nothing: "還沒有提到任何模型：貼上圖片的文字，或開啟工作流程。",
    queue: "佇列",
    empty: "沒有正在進行的下載。",
    states: { here: "已有", queued: "在佇列裡", missing: "缺少", unknown: "不知道在哪裡" },
    code: "配對碼",
    send: "配對",
    failed: "失敗",
    addLabel: "模型的編號、AIR 或網址",
    add: "加入",
  },
};

export const style = `
  .civikit { display: grid; gap: .6em; padding: .6em; font-size: 14px; overflow: auto; }
  .civikit [hidden] { display: none; } .civikit h3 { margin: .4em 0 0; font-size: 1em; } .civikit p { margin: 0; } .civikit .problem { color: #d33; }
  .civikit ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .4em; }
  .civikit li { display: grid; grid-template-columns: 1fr auto; gap: .2em .6em; align-items: center; }
  .civikit li > span:first-child { overflow-wrap: anywhere; } .civikit small { opacity: .75; }
  .civikit progress { grid-column: 1 / -1; width: 100%; } .civikit form { display: flex; gap: .4em; }
  .civikit input { flex: 1; min-width: 0; } .civikit button, .civikit input { font: inherit; padding: .2em .6em; }
  .civikit input { background: transparent; color: inherit; border: 1px solid currentColor; border-radius: .3em; }
  .civikit button { cursor: pointer; border: 1px solid currentColor; border-radius: .3em; background: none; color: inherit; }
`;
