/** Checks a numeric option: RangeError names the option and the value. */
export function within(name: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most)) {
    throw new RangeError(`option ${name}: ${value} is not in ${least} to ${most}`);
  }
}

/** Checks a whole-number option: RangeError names the option and the value. */
export function wholeWithin(name: string, value: number, least: number, most: number): void {
  within(name, value, least, most);
  if (!Number.isInteger(value)) throw new RangeError(`option ${name}: ${value} is not a whole number`);
}
