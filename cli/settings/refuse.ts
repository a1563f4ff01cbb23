/** Refuses a value; the message says what would be right, and leaves it to the caller to say where it stood. */
export function refuse(state: string): never {
  throw new TypeError(state);
}
