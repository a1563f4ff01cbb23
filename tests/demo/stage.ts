import { chooseStyle, type Style } from "../../cli/terminal/style.ts";
import type { Io } from "../../cli/mod.ts";

/** Where the demo tells its story and keeps count of what was proved. */
export interface Stage {
  /** Colours. */
  readonly style: Style;
  /** A line, or several, of plain text. */
  say(text: string): void;
  /** The heading of the next act. */
  act(title: string): void;
  /** A command, as a user would type it. */
  command(text: string): void;
  /** One claim and the evidence for it; a claim that does not hold fails the demo. */
  check(isTrue: boolean, claim: string): void;
  /** Claims made so far, and those of them that did not hold. */
  readonly claims: number;
  readonly broken: readonly string[];
}

/** Tells the story on the standard output. */
export function stage(io: Io): Stage {
  const style = chooseStyle(io);
  const broken: string[] = [];
  let acts = 0;
  let claims = 0;
  const say = (text: string) => io.stdout(`${text.replace(/^(?=.)/gm, "  ")}\n`);
  return {
    style,
    say,
    act: (title) => io.stdout(`\n${style.active(`${++acts}. ${title}`)}\n`),
    command: (text) => io.stdout(`  ${style.dim(`$ ${text}`)}\n`),
    check(isTrue, claim) {
      claims++;
      if (!isTrue) broken.push(claim);
      io.stdout(`  ${isTrue ? style.good("ok    ") : style.bad("FAILED")}  ${claim}\n`);
    },
    get claims() {
      return claims;
    },
    broken,
  };
}
