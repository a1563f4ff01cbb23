/** How often it is looked whether there is another key, in milliseconds. */
const lookForKeyMs = 2000;

/**
 * Calls `wake` when there is another key, wherever it comes from: the page, `civikit login`, a file someone replaced.
 */
export function onNewKey(find: () => string | undefined, wake: () => void): Disposable {
  const look = () => {
    try {
      return find();
    } catch {
      return undefined; // told where it is used
    }
  };
  let known = look();
  const timer = setInterval(() => {
    const now = look();
    if (now === undefined || now === known) return;
    known = now;
    wake();
  }, lookForKeyMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
