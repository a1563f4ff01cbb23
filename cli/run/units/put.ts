/** Puts `value` in the place of what `pattern` finds in an original, once. */
export function put(text: string, pattern: RegExp, value: string): string {
  if (!pattern.test(text)) throw new TypeError(`filling in an original: ${pattern} is not in it`);
  return text.replace(pattern, () => value);
}
