import { bullQueue, openRedis } from "../../../fleet/mod.ts";
import { queueContract } from "../../hub/queue/_queue_contract.ts";
import { hasRedis, startRedis } from "../../_support/redis.ts";

queueContract("bullQueue()", async (clock, work) => {
  await using redis = await startRedis();
  const clients: { disconnect(): void }[] = [];
  try {
    await work(async () => {
      const client = await openRedis(redis.url);
      clients.push(client);
      return await bullQueue({ redis: client, clock });
    });
  } finally {
    for (const client of clients) client.disconnect();
  }
}, hasRedis);
