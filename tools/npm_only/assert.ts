/**
 * `@std/assert` over `node:assert`, for networks that reach npm but not JSR: the symbols the tests use, with the
 * signatures and returned values of the real ones.
 *
 * Where the two notions of equality differ, this one is the stricter (`0` is not `-0`, a null prototype is not
 * `Object.prototype`), so that what passes here also passes with `@std/assert`.
 *
 * @module
 */
import { AssertionError as NodeAssertionError } from "node:assert";
import { inspect, isDeepStrictEqual } from "node:util";

// The real signatures are written with `any`: a constructor's parameters are checked nowhere else.
// deno-lint-ignore no-explicit-any
type ErrorConstructor<E> = abstract new (...args: any[]) => E;
/** What a falsy expression can be. */
export type Falsy = false | 0 | 0n | "" | null | undefined;
/** Anything with a length and indexes, strings excepted. */
export type ArrayLikeArg<T> = ArrayLike<T> & object;

/** Thrown by every assertion below. */
export class AssertionError extends Error {
  override readonly name: string = "AssertionError";
}

const suffix = (msg?: string): string => msg ? `: ${msg}` : ".";
const stop = (message: string): never => {
  throw new AssertionError(message);
};

/** Deep equality by value; an absent key is not the same as one that is `undefined`. */
export function equal(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b);
}

/** `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) stop(msg);
}

/** `expr` is falsy. */
export function assertFalse(expr: unknown, msg = ""): asserts expr is Falsy {
  if (expr) stop(msg);
}

/** Both values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  const { message } = new NodeAssertionError({ actual, expected, operator: "deepStrictEqual" });
  stop(`Values are not equal${suffix(msg)}\n${message}`);
}

/** The values are not deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) {
    stop(`Expected actual: ${inspect(actual)} not to be: ${inspect(expected)}${suffix(msg)}`);
  }
}

/** Both are the same value in the sense of `Object.is`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const { message } = new NodeAssertionError({ actual, expected, operator: "strictEqual" });
  stop(`Values are not strictly equal${suffix(msg)}\n${message}`);
}

/** The values differ in the sense of `Object.is`. */
export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void {
  if (Object.is(actual, expected)) {
    stop(`Expected "actual" to not be strictly equal to: ${inspect(actual)}${suffix(msg)}`);
  }
}

/** The numbers lie within `tolerance` of each other; by default one part in ten million. */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void {
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  if (Object.is(actual, expected) || Math.abs(expected - actual) <= allowed) return;
  stop(`Expected actual: "${actual}" to be close to "${expected}" within "${allowed}"${suffix(msg)}`);
}

/** `actual` is neither null nor undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) {
    stop(`Expected actual: "${actual}" to not be null or undefined${suffix(msg)}`);
  }
}

/** `actual` > `expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) stop(msg ?? `Expect ${inspect(actual)} > ${inspect(expected)}`);
}

/** `actual` >= `expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual >= expected)) stop(msg ?? `Expect ${inspect(actual)} >= ${inspect(expected)}`);
}

/** `actual` < `expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) stop(msg ?? `Expect ${inspect(actual)} < ${inspect(expected)}`);
}

/** `actual` <= `expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) stop(msg ?? `Expect ${inspect(actual)} <= ${inspect(expected)}`);
}

/** `actual` matches the pattern. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) stop(`Expected actual: "${actual}" to match: "${expected}"${suffix(msg)}`);
}

/** `actual` does not match the pattern. */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) stop(`Expected actual: "${actual}" to not match: "${expected}"${suffix(msg)}`);
}

/** `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (!actual.includes(expected)) stop(`Expected actual: "${actual}" to contain: "${expected}"${suffix(msg)}`);
}

/** Every item of `expected` is deeply equal to some item of `actual`. */
export function assertArrayIncludes<T>(actual: ArrayLikeArg<T>, expected: ArrayLikeArg<T>, msg?: string): void {
  const present = Array.from(actual);
  const missing = Array.from(expected).filter((item) => !present.some((other) => equal(item, other)));
  if (missing.length > 0) {
    stop(`Expected actual: "${inspect(actual)}" to include: "${inspect(missing)}"${suffix(msg)}`);
  }
}

/** `actual` is an instance of the class. */
// deno-lint-ignore no-explicit-any
export function assertInstanceOf<T extends abstract new (...args: any[]) => any>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  stop(`Expected object to be an instance of "${expectedType.name}" but was "${inspect(actual)}"${suffix(msg)}`);
}

/** `actual` is no instance of the class. */
export function assertNotInstanceOf<A, T>(
  actual: A,
  unexpectedType: ErrorConstructor<T>,
  msg?: string,
): asserts actual is Exclude<A, T> {
  if (actual instanceof unexpectedType) {
    stop(`Expected object to not be an instance of "${unexpectedType.name}"${suffix(msg)}`);
  }
}

/** Whatever `expected` names is in `actual` with an equal value; what it does not name is not looked at. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  assertEquals(pick(actual, expected), pick(expected, expected), msg);
}

const isPlain = (value: unknown): value is Record<PropertyKey, unknown> =>
  typeof value === "object" && value !== null && !ArrayBuffer.isView(value) &&
  ![Date, RegExp, Map, Set, URL, ArrayBuffer].some((type) => value instanceof type);

function pick(actual: unknown, expected: unknown): unknown {
  if (Array.isArray(actual) && Array.isArray(expected)) {
    return actual.slice(0, expected.length).map((item, i) => pick(item, expected[i]));
  }
  if (!isPlain(actual) || !isPlain(expected)) return actual;
  const keys = Reflect.ownKeys(expected).filter((key) => key in actual);
  return Object.fromEntries(keys.map((key) => [key, pick(actual[key], expected[key])]));
}

/** `error` is an Error, of the class and with the message where they are given. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: ErrorConstructor<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) return stop(`Expected "error" to be an Error object${suffix(msg)}`);
  if (ErrorClass && !(error instanceof ErrorClass)) {
    stop(`Expected error to be instance of "${ErrorClass.name}", but was "${error.constructor.name}"${suffix(msg)}`);
  }
  if (!msgMatches) return;
  const isMatch = typeof msgMatches === "string" ? error.message.includes(msgMatches) : msgMatches.test(error.message);
  if (!isMatch) {
    stop(`Expected error message to include ${inspect(msgMatches)}, but got "${error.message}"${suffix(msg)}`);
  }
}

/** The function throws; returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** The function throws an Error of the class; returns it. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorConstructor<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMsg?: ErrorConstructor<Error> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const text = typeof classOrMsg === "string" ? classOrMsg : msg;
  try {
    fn();
  } catch (error) {
    if (typeof classOrMsg === "function") assertIsError(error, classOrMsg, msgIncludes, msg);
    return error;
  }
  return stop(`Expected function to throw${suffix(text)}`);
}

/** The function returns a promise that rejects; resolves to the reason. A function that throws outright fails. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** The function returns a promise that rejects with an Error of the class; resolves to it. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorConstructor<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: ErrorConstructor<Error> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const text = typeof classOrMsg === "string" ? classOrMsg : msg;
  let promise: PromiseLike<unknown> | undefined;
  try {
    promise = fn();
  } catch {
    // Told apart below: nothing was returned.
  }
  if (typeof promise?.then !== "function") return stop(`Function throws when expected to reject${suffix(text)}`);
  try {
    await promise;
  } catch (error) {
    if (typeof classOrMsg === "function") assertIsError(error, classOrMsg, msgIncludes, msg);
    return error;
  }
  return stop(`Expected function to reject${suffix(text)}`);
}

/** Fails. */
export function fail(msg?: string): never {
  return stop(`Failed assertion${suffix(msg)}`);
}

/** Fails: the line was not to be reached. */
export function unreachable(msg?: string): never {
  return stop(`Unreachable${suffix(msg)}`);
}
