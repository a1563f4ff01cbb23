/**
 * `work` with a memory of its last results, for texts that come again and again. All of it is forgotten when `most` are
 * known: cheaper than to know which came last.
 *
 * @param work Must depend on its text alone. An undefined result is not remembered.
 */
export function remembered<T>(most: number, work: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    let result = known.get(text);
    if (result === undefined) {
      result = work(text);
      if (known.size >= most) known.clear();
      if (result !== undefined) known.set(text, result);
    }
    return result as T;
  };
}
