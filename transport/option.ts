/** Checks a numeric option: RangeError names the option and the value. */
export function within(name: string, value: number, least: number, most: number = Infinity): void {
  if (value >= least && value <= most) return;
  throw new RangeError(`option ${name}: ${value} is not ${most === Infinity ? "" : "in "}${span(least, most)}`);
}

/** Checks a whole-number option: RangeError names the option and the value. */
export function wholeWithin(name: string, value: number, least: number, most: number = Infinity): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`option ${name}: ${value} is not a whole number, ${span(least, most)}`);
}

function span(least: number, most: number): string {
  return most === Infinity ? `${least} or more` : `${least} to ${most}`;
}
