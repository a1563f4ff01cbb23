/**
 * What the process ends with. Scripts may rely on these numbers.
 *
 * @example
 * ```ts
 * import { ExitCode } from "@civikit/civikit/cli";
 *
 * console.log(ExitCode.notFound); // 4
 * ```
 */
export const ExitCode: {
  readonly ok: 0;
  readonly other: 1;
  readonly usage: 2;
  readonly auth: 3;
  readonly notFound: 4;
  readonly network: 5;
  readonly rateLimited: 6;
  readonly verification: 7;
  readonly disk: 8;
  readonly hungUp: 129;
  readonly interrupted: 130;
} = {
  ok: 0,
  other: 1,
  usage: 2,
  auth: 3,
  notFound: 4,
  network: 5,
  rateLimited: 6,
  verification: 7,
  disk: 8,
  hungUp: 129,
  interrupted: 130,
};
