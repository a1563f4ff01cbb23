const again = "to get a newer civikit, install it again with the line of the README";

/** What people call a thing that has another name here, or that another program does: where to find it. */
export const elsewhere: ReadonlyMap<string, string> = new Map([
  ["updates", "did you mean: civikit scan --updates"],
  ["search", "did you mean: civikit models search"],
  ["find", "did you mean: civikit models search"],
  ["info", "did you mean: civikit models get"],
  ["show", "did you mean: civikit models get"],
  ["list", "did you mean: civikit scan --all"],
  ["ls", "did you mean: civikit scan --all"],
  ["get", "did you mean: civikit download"],
  ["pull", "did you mean: civikit download"],
  ["dl", "did you mean: civikit download"],
  ["auth", "did you mean: civikit login"],
  ["signin", "did you mean: civikit login"],
  ["signout", "did you mean: civikit logout"],
  ["upgrade", again],
  ["self-update", again],
  ["uninstall", "deno uninstall --global civikit"],
  ["settings", "did you mean: civikit config list"],
  ["set", "did you mean: civikit config set"],
]);
