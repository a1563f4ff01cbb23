/** What lets scripts on pages of the site in: one token, which opens nothing but {@linkcode pairingDoors}. */
export interface Pairing {
  /** Whose pages they may be: origins such as `https://civitai.com`. */
  readonly origins: readonly string[];
  /** The token, made when it is wanted first. @throws {CivikitError} When there is no place to keep it. */
  token(): string;
  /** Makes another one; the one before opens nothing from then on. @throws {CivikitError} As `token`. */
  renew(): string;
  /** Whether `given` is the token. */
  isToken(given: string): boolean;
}
