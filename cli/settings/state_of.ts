/** What `read` says is wrong, as the message of what it throws; undefined when nothing is. */
export function stateOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return error.message;
    throw error;
  }
}
