import { assertEquals } from "@std/assert";
import { type JobEnding, sqliteQueue, workTeller } from "../../../hub/mod.ts";
import type { ErrorCode } from "../../../transport/mod.ts";

Deno.test("workTeller() tells each job that failed, and what blocks the work once until a job is done", async () => {
  await using queue = sqliteQueue(":memory:");
  const said: string[] = [];
  const { onJob } = workTeller(({ event, reference, why }) => said.push(`${event} ${reference} ${why.code}`));
  const ends = async (reference: string, ending: JobEnding) => {
    await queue.add([{ reference }]);
    const [job] = await queue.lease("me", 1, 30_000);
    onJob(job!);
    onJob((await queue.finish("me", job!.id, ending))!);
  };
  const waits = (code: "login_required" | "no_space" | "early_access" | "connect_failed"): JobEnding => {
    return { state: "waiting", notBeforeMs: Date.now() + 3_600_000, why: { code }, isParked: true };
  };
  await ends("1", waits("login_required"));
  await ends("2", waits("login_required"));
  await ends("3", waits("no_space"));
  await ends("4", waits("early_access"));
  await ends("5", waits("connect_failed"));
  await ends("6", { state: "failed", code: "not_found" });
  await ends("7", { state: "failed", code: "not_found" });
  await ends("8", { state: "done", verdict: "verified", path: null, bytes: 1 });
  await ends("9", waits("login_required"));
  assertEquals(said, [
    ...["work_blocked 1 login_required", "work_blocked 3 no_space", "job_failed 6 not_found", "job_failed 7 not_found"],
    "work_blocked 9 login_required",
  ]);
});

Deno.test("workTeller() tells once that a rule fails, again for another reason, and anew after a round that went well", () => {
  const said: string[] = [];
  const { onWatch } = workTeller(({ event, id, why }) => said.push(`${event} ${id} ${why.code}`));
  const failed = (id: string, code: ErrorCode) =>
    onWatch({ type: "failed", rule: { id, name: id, target: id }, round: { why: { code }, atMs: 1 } });
  failed("1", "connect_failed");
  failed("1", "connect_failed");
  failed("2", "connect_failed");
  failed("1", "not_found");
  onWatch({ type: "round", rule: { id: "1" } });
  failed("1", "not_found");
  assertEquals(said, [
    ...["rule_failed 1 connect_failed", "rule_failed 2 connect_failed", "rule_failed 1 not_found"],
    "rule_failed 1 not_found",
  ]);
});
