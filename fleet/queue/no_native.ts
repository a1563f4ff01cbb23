/**
 * Keeps msgpackr, with which BullMQ packs, from loading its native part: Deno would ask for the permission on a terminal,
 * and wait. What it does without is enough for an id a job. To be imported before BullMQ. @module
 */
import process from "node:process";

process.env["MSGPACKR_NATIVE_ACCELERATION_DISABLED"] ??= "true";
