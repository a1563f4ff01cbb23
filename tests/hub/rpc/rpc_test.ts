import { assert, assertEquals, assertRejects } from "@std/assert";
import Aria2 from "npm:aria2@4.1.2";
import type { JobQueue } from "../../../hub/queue/mod.ts";
import { pairingOf, type ServedHub, serveHub } from "../_service.ts";

const secret = "a-token-of-many-letters";

interface Client {
  call(method: string, ...params: unknown[]): Promise<unknown>;
  multicall(calls: unknown[]): Promise<unknown>;
  open(): Promise<void>;
  close(): Promise<void>;
  on(name: string, listener: (params: { gid: string }[]) => void): void;
}

const client = ({ url }: ServedHub, token = ""): Client =>
  new Aria2({ host: "127.0.0.1", port: Number(new URL(url).port), secret: token }) as Client;

const post = (hub: ServedHub, body: unknown, headers: Record<string, string> = {}) =>
  hub.ask("POST", "/jsonrpc", body, headers);

/** Two that wait, one that is paused, one that is done. */
async function fill(queue: JobQueue, folder: string): Promise<void> {
  const added = await queue.add(["2010", "2020", "2030", "2040"].map((reference) => ({ reference })));
  const [done, , paused] = added.map(({ job }) => job.id);
  await queue.lease("worker", 1, 60_000);
  await queue.update("worker", done!, { state: "downloading", bytes: 512, totalBytes: 2048, bytesPerSecond: 99.6 });
  await queue.finish("worker", done!, { state: "done", verdict: "verified", path: `${folder}/a.bin`, bytes: 2048 });
  await queue.change(paused!, "pause");
}

Deno.test("jsonrpc: an aria2 client adds, lists, moves, pauses and removes", async () => {
  await using hub = await serveHub();
  const { queue, folder } = hub;
  const aria2 = client(hub);
  await fill(queue, folder);
  const gid = await aria2.call("addUri", ["2050"], { dir: folder, out: "b.bin", pause: "true" }, 0);
  assertEquals(gid, "0000000000000005");
  const waiting = await aria2.call("tellWaiting", 0, 10, ["gid", "status"]);
  assertEquals(waiting, [
    { gid: "0000000000000005", status: "paused" },
    { gid: "0000000000000002", status: "waiting" },
    { gid: "0000000000000003", status: "paused" },
    { gid: "0000000000000004", status: "waiting" },
  ]);
  assertEquals(await aria2.call("changePosition", gid, 1, "POS_CUR"), 1);
  assertEquals(await aria2.call("changePosition", gid, -1, "POS_END"), 2);
  assertEquals(await aria2.call("changePosition", gid, 99, "POS_SET"), 3);
  assertEquals(await aria2.call("unpause", gid), gid);
  assertEquals((await queue.get("5"))?.state, "waiting");
  assertEquals(await aria2.call("pauseAll"), "OK");
  assertEquals((await queue.counts()).paused, 4);
  assertEquals(await aria2.call("unpauseAll"), "OK");
  assertEquals(await aria2.call("getOption", gid), { dir: folder, out: "b.bin", pause: "false" });
  assertEquals(await aria2.call("remove", gid), gid);
  assertEquals(await aria2.call("tellStopped", -1, 10, ["status"]), [{ status: "removed" }, { status: "complete" }]);
  assertEquals(await aria2.call("tellStopped", 0, 1, ["errorCode"]), [{ errorCode: "0" }]);
  assertEquals(await aria2.call("removeDownloadResult", gid), "OK");
  await assertRejects(() => aria2.call("tellStatus", gid), Error, "is not found");
  assertEquals(await aria2.call("purgeDownloadResult"), "OK");
  assertEquals((await queue.counts()).done, 0);
});

Deno.test("jsonrpc: a status has every field a client draws, as text", async () => {
  await using hub = await serveHub();
  const { queue, folder } = hub;
  await queue.add([{ reference: "2010" }]);
  await queue.lease("worker", 1, 60_000);
  const path = `${folder}/lanterns.bin`;
  await queue.update("worker", "1", {
    ...{ state: "downloading", bytes: 3 * 1024 ** 2, totalBytes: 5 * 1024 ** 2 + 1, bytesPerSecond: 99.6, path },
  });
  const aria2 = client(hub);
  assertEquals(await aria2.call("tellActive"), [{
    gid: "0000000000000001",
    status: "active",
    totalLength: "5242881",
    completedLength: "3145728",
    uploadLength: "0",
    downloadSpeed: "100",
    uploadSpeed: "0",
    connections: "1",
    pieceLength: "1048576",
    numPieces: "6",
    dir: folder,
    files: [{
      index: "1",
      path,
      length: "5242881",
      completedLength: "3145728",
      selected: "true",
      uris: [{ uri: "2010", status: "used" }],
    }],
  }]);
  assertEquals(await aria2.call("getGlobalStat"), {
    downloadSpeed: "100",
    uploadSpeed: "0",
    numActive: "1",
    numWaiting: "0",
    numStopped: "0",
    numStoppedTotal: "0",
  });
  await queue.finish("worker", "1", { state: "failed", code: "hash_mismatch" });
  assertEquals(await aria2.call("tellStatus", "0000000000000001", ["status", "errorCode", "errorMessage"]), {
    status: "error",
    errorCode: "32",
    errorMessage: "hash_mismatch",
  });
});

Deno.test("jsonrpc: several calls in one message each succeed or fail alone", async () => {
  await using hub = await serveHub();
  const aria2 = client(hub);
  const answers = await aria2.multicall([
    ["getVersion"],
    ["tellStatus", "00000000000000ff"],
    ["addUri", ["http://10.0.0.1/secret.bin"]],
    ["addUri", ["2010"], { dir: "/etc" }],
    ["shutdown"],
  ]) as [{ version: string }[], ...{ message: string }[]];
  assertEquals(answers[0][0]?.version, "1.36.0");
  const said = answers.slice(1).map((answer) => (answer as { message: string }).message);
  assert(said[0]?.includes("is not found"), said[0]);
  assert(said[1]?.includes("http is not safe"), said[1]);
  assert(said[2]?.includes("not one of the configured folders"), said[2]);
  assert(said[3]?.includes("No such method"), said[3]);
  assertEquals((await hub.queue.counts()).waiting, 0);
  const listed = await aria2.call("system.listMethods") as string[];
  for (const name of listed.filter((one) => one.startsWith("aria2."))) {
    const response = await post(hub, { id: 1, method: name, params: [] });
    const { error } = await response.json();
    assert(error?.code !== -32601, `${name} is listed and not there`);
  }
});

Deno.test("jsonrpc: the limit of all downloads is read and changed", async () => {
  let rate: number | undefined = 1000;
  await using hub = await serveHub({
    limit: { bytesPerSecond: () => rate, set: (bytesPerSecond) => void (rate = bytesPerSecond) },
  });
  const aria2 = client(hub);
  const read = async () =>
    (await aria2.call("getGlobalOption") as Record<string, string>)["max-overall-download-limit"];
  assertEquals(await read(), "1000");
  await aria2.call("changeGlobalOption", { "max-overall-download-limit": "2M" });
  assertEquals([rate, await read()], [2 * 1024 ** 2, "2097152"]);
  await aria2.call("changeGlobalOption", { "max-overall-download-limit": "0" });
  assertEquals([rate, await read()], [undefined, "0"]);
  await assertRejects(() => aria2.call("changeGlobalOption", { "max-overall-download-limit": "soon" }), Error, "500K");
  await assertRejects(() => aria2.call("changeGlobalOption", { dir: "/tmp" }), Error, "option dir");
});

Deno.test("jsonrpc: where there is a token, nothing is done or told without it", async () => {
  await using hub = await serveHub({ token: secret });
  await assertRejects(() => client(hub).call("getGlobalStat"), Error, "Unauthorized");
  await assertRejects(() => client(hub, "wrong-token-of-letters").call("addUri", ["2010"]), Error, "Unauthorized");
  const gid = await client(hub, secret).call("addUri", ["2010"]);
  assertEquals(gid, "0000000000000001");
  assertEquals((await hub.queue.counts()).waiting, 1);
  // the token in front of the list of a multicall, as some clients send it, does not stand for those inside
  const bare = await post(hub, {
    id: 1,
    method: "system.multicall",
    params: [[{ methodName: "aria2.getVersion", params: [] }]],
  });
  assertEquals((await bare.json()).result, [{ code: 1, message: "Unauthorized" }]);
});

Deno.test("jsonrpc: a page of another origin gets in by the setting and the token alone", async () => {
  const ariang = "https://ariang.example";
  const call = { id: 1, method: "aria2.getVersion", params: [] };
  const open = { id: 1, method: "aria2.getVersion", params: [`token:${secret}`] };
  await using shut = await serveHub({ token: secret });
  const refused = await post(shut, open, { origin: ariang });
  assertEquals(refused.status, 403);
  await refused.body?.cancel();
  await using hub = await serveHub({ rpcOrigins: [ariang], pairing: pairingOf(secret) });
  const before = await hub.ask("OPTIONS", "/jsonrpc", undefined, {
    origin: ariang,
    "access-control-request-method": "POST",
  });
  assertEquals([before.status, before.headers.get("access-control-allow-origin")], [204, ariang]);
  const without = await post(hub, call, { origin: ariang });
  assertEquals((await without.json()).error.message, "Unauthorized");
  const allowed = await post(hub, open, { origin: ariang });
  assertEquals(allowed.headers.get("access-control-allow-origin"), ariang);
  assertEquals((await allowed.json()).result.version, "1.36.0");
  const other = await post(hub, open, { origin: "https://evil.example" });
  assertEquals(other.status, 403);
  await other.body?.cancel();
  const byGet = await hub.ask("GET", "/jsonrpc?method=aria2.pauseAll&id=1");
  assertEquals(byGet.status, 405);
  await byGet.body?.cancel();
});

Deno.test("jsonrpc: over a WebSocket a client is told when a download begins and ends", async () => {
  await using hub = await serveHub({ token: secret });
  const aria2 = client(hub, secret);
  const heard: string[] = [];
  const { promise: over, resolve } = Promise.withResolvers<void>();
  for (const name of ["onDownloadStart", "onDownloadPause", "onDownloadComplete"]) {
    aria2.on(name, ([first]) => {
      heard.push(`${name} ${first?.gid}`);
      if (name === "onDownloadComplete") resolve();
    });
  }
  await aria2.open();
  const gid = await aria2.call("addUri", ["2010"]);
  const { queue, folder } = hub;
  await aria2.call("pause", gid);
  await queue.change("1", "resume");
  await queue.lease("worker", 1, 60_000);
  await aria2.call("tellActive");
  await queue.finish("worker", "1", { state: "done", verdict: "verified", path: `${folder}/a.bin`, bytes: 1 });
  await over;
  assertEquals(new Set(heard.map((one) => one.split(" ")[1])), new Set([gid]));
  assertEquals(heard.at(-1), `onDownloadComplete ${gid}`);
  await aria2.close();
});

Deno.test("jsonrpc: what is no call is told so, and breaks nothing", async () => {
  await using hub = await serveHub();
  const asked = async (body: string) => {
    const response = await fetch(`${hub.url}/jsonrpc`, { method: "POST", body });
    return [response.status, (await response.json()).error.code];
  };
  assertEquals(await asked("{"), [400, -32700]);
  assertEquals(await asked("7"), [400, -32600]);
  assertEquals(await asked(JSON.stringify({ id: 1, method: "aria2.__proto__" })), [400, -32601]);
  assertEquals(await asked(JSON.stringify({ id: 1, method: "constructor" })), [400, -32601]);
  assertEquals(await asked(JSON.stringify({ id: 1, method: "aria2.tellStatus", params: {} })), [400, -32602]);
  assertEquals(await asked(JSON.stringify({ id: 1, method: "aria2.tellStatus", params: [7] })), [400, -32602]);
  assertEquals(await asked(JSON.stringify(Array.from({ length: 1001 }, () => ({})))), [400, -32600]);
  assertEquals(await asked(" ".repeat(5 * 1024 ** 2)), [400, -32600]);
});

Deno.test("jsonrpc: no page of another origin opens a WebSocket", async () => {
  await using hub = await serveHub();
  const { host, hostname, port } = new URL(hub.url);
  const opened = async (origin: string) => {
    using connection = await Deno.connect({ hostname, port: Number(port) });
    const lines = [
      "GET /jsonrpc HTTP/1.1",
      `Host: ${host}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
      `Origin: ${origin}`,
    ];
    await connection.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
    const answer = new Uint8Array(64);
    await connection.read(answer);
    return new TextDecoder().decode(answer).slice(9, 12);
  };
  assertEquals(await opened(hub.url), "101");
  assertEquals(await opened("https://evil.example"), "403");
});
