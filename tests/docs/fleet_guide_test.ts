import { assert, assertEquals } from "@std/assert";
import { openRedis } from "../../fleet/mod.ts";
import { hasRedis, startRedis } from "../_support/redis.ts";
import { blocksOf, documents } from "./_documents.ts";

Deno.test({
  name: "the Redis of the deployment guide is one that a fleet takes",
  ignore: !hasRedis,
  async fn() {
    const guide = (await documents()).find(({ path }) => path === "docs/deployment_guide.md")!;
    const block = blocksOf(guide).find(({ language, code }) =>
      language === "text" && code.includes("maxmemory-policy")
    );
    assert(block !== undefined, "the guide shows none");
    const lines = block.code.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const options = lines.flatMap((line) => {
      const [name, ...words] = line.split(" ");
      return [`--${name}`, name === "requirepass" ? "a-long-password" : words.join(" ")];
    });
    await using redis = await startRedis(options);
    const client = await openRedis(redis.url.replace("//", "//:a-long-password@"));
    assertEquals(await client.config("GET", "maxmemory-policy"), ["maxmemory-policy", "noeviction"]);
    assertEquals(await client.config("GET", "appendonly"), ["appendonly", "yes"]);
    client.disconnect();
  },
});
