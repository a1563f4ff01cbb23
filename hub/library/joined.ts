/**
 * One question for many: whoever asks while one is under way shares the next with all others that came meanwhile.
 *
 * @param ask Asks about several at once; what it does not know is missing from its answer.
 * @returns Asks about one; undefined where nothing is known. Rejects as `ask` does, for all that shared the question.
 */
export function joined<Key, Value>(
  ask: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>,
): (key: Key) => Promise<Value | undefined> {
  let asking: Promise<unknown> | undefined;
  let next: { readonly keys: Set<Key>; readonly answer: Promise<ReadonlyMap<Key, Value>> } | undefined;

  function begin(keys: readonly Key[]): Promise<ReadonlyMap<Key, Value>> {
    const answer = ask(keys);
    const ended = answer.then(() => {}, () => {}).then(() => {
      if (asking === ended) asking = undefined;
    });
    asking = ended;
    return answer;
  }

  return async (key) => {
    if (asking === undefined) return (await begin([key])).get(key);
    if (next === undefined) {
      const keys = new Set<Key>();
      next = {
        keys,
        answer: asking.then(() => {
          next = undefined;
          return begin([...keys]);
        }),
      };
    }
    next.keys.add(key);
    return (await next.answer).get(key);
  };
}
