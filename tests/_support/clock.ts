export { type FakeClock, fakeClock, settle } from "../../testing/mod.ts";
