/**
 * The download service: a queue behind pages for people and an API for programs.
 *
 * @module
 */
export type { Pairing } from "./pairing/pairing.ts";
export type { Parts, ServiceOptions, SlowMode, StartAnswer } from "./parts.ts";
export { type Service, service } from "./service.ts";
export type { SettingRow, SettingsPort } from "./settings_port.ts";
