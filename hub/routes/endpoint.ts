import type { Context } from "hono";
import type { BaseIssue, BaseSchema, InferOutput } from "valibot";
import type { Parts } from "../parts.ts";

/** What checks a value. */
export type Schema<Value = unknown> = BaseSchema<unknown, Value, BaseIssue<unknown>>;

/** What an endpoint is asked. */
export interface Asked<Query, Body> {
  /** The request. */
  readonly c: Context;
  /** What the service is made of. */
  readonly parts: Parts;
  /** The query, checked. */
  readonly query: Query;
  /** The body, checked. */
  readonly body: Body;
  /** A part of the path. */
  param(name: string): string;
}

/** One address of the API: what it takes and gives is checked, and described, by the same schemas. */
export interface Endpoint<Query = unknown, Body = unknown> {
  /** How it is asked. */
  readonly method: "get" | "post" | "patch" | "delete" | "put";
  /** Its path below `/api/v1`, with `{name}` for its parts. */
  readonly path: string;
  /** What it does, in a sentence. */
  readonly summary: string;
  /** What its query may hold. */
  readonly query?: Schema<Query>;
  /** What its body has to be. */
  readonly body?: Schema<Body>;
  /** Whether it is told apart from its repetitions by `Idempotency-Key`. Default: false. */
  readonly isIdempotent?: boolean;
  /** What it answers. */
  readonly answer: Schema;
  /** The status of that answer. Default 200. */
  readonly status?: 200 | 201 | 202;
  /** Whether this service has it. Default: yes. */
  isThere?(parts: Parts): boolean;
  /** Does it; resolves with what is answered, or a problem's response. */
  run(asked: Asked<Query, Body>): unknown;
}

/** Makes an {@linkcode Endpoint} whose `run` knows the types of its schemas. */
export function endpoint<Q extends Schema = Schema<undefined>, B extends Schema = Schema<undefined>>(
  { query, body, ...rest }:
    & Omit<Endpoint, "query" | "body" | "run">
    & { readonly query?: Q; readonly body?: B; run(asked: Asked<InferOutput<Q>, InferOutput<B>>): unknown },
): Endpoint {
  return { ...rest, ...(query && { query }), ...(body && { body }) } as Endpoint;
}
