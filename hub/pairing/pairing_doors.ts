import type { Door } from "../../monitor/server/access.ts";
import type { Pairing } from "./pairing.ts";

/** What a paired script may do: ask what is there and what a picture needs, look at the queue, and add to it. */
export function pairingDoors({ origins, isToken }: Pairing): readonly Door[] {
  return [
    { path: "/api/v1/library", methods: ["GET"], origins, isToken },
    { path: "/api/v1/queue", methods: ["GET", "POST"], origins, isToken },
    { path: "/api/v1/needs", methods: ["POST"], origins, isToken },
  ];
}
