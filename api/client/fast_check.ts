import * as v from "valibot";

/** Says whether a value fits as it is, without being mended, and nothing about why it does not. */
export type FastCheck = (value: unknown) => boolean;

/** The parts of valibot's schema objects that are read here; each is documented as public by valibot. */
interface Parts {
  type: string;
  kind: string;
  entries: Record<string, v.GenericSchema>;
  item: v.GenericSchema;
  value: v.GenericSchema;
  wrapped: v.GenericSchema;
  options: v.GenericSchema[];
  pipe?: Parts[];
  requirement: unknown;
  default?: unknown;
}

/** The checks of one schema as source text: in code of its own, every key is read where it always stands. */
class Source {
  readonly #functions: string[] = [];
  /** What the text calls as `known[0]`, `known[1]`… */
  readonly known: FastCheck[] = [];

  /** A call of a check that is no text. */
  #known(check: FastCheck, value: string): string {
    return `known[${this.known.push(check) - 1}](${value})`;
  }

  /** A call of a function of its own, which goes through `all` and returns false where something does not fit. */
  #through(value: string, body: string): string {
    return `check${this.#functions.push(body) - 1}(${value})`;
  }

  /** An expression: whether `value`, a name, fits `schema`. */
  fits(schema: v.GenericSchema, value: string): string {
    const parts = schema as unknown as Parts;
    if (parts.pipe !== undefined) return this.#fitsPipe(schema, parts.pipe, value);
    switch (isFilledIn(schema) ? undefined : parts.type) {
      case "string":
      case "boolean":
      case "number":
        return `typeof ${value} === "${parts.type}"`;
      case "unknown":
        return "true";
      case "null":
        return `${value} === null`;
      case "nullable":
        return `(${value} === null || ${this.fits(parts.wrapped, value)})`;
      case "exact_optional":
        return this.fits(parts.wrapped, value);
      case "array": {
        const each = `for (const one of all) if (!(${this.fits(parts.item, "one")})) return false;`;
        return `(Array.isArray(${value}) && ${this.#through(value, each)})`;
      }
      case "record": {
        const each = `for (const key in all) { const one = all[key]; if (!(${
          this.fits(parts.value, "one")
        })) return false; }`;
        return `(${isObject(value)} && ${this.#through(value, each)})`;
      }
      case "union":
        return `(${parts.options.map((option) => this.fits(option, value)).join(" || ") || "false"})`;
      case "loose_object":
        return `(${isObject(value)} && ${this.#through(value, this.#entries(parts.entries))})`;
    }
    return this.#known(isWhole(schema), value);
  }

  #entries(entries: Parts["entries"]): string {
    return Object.entries(entries).map(([key, schema], index) => {
      const fits = this.fits(schema, `part${index}`);
      // what was JSON has no undefined: such a key is not there
      const mayBeMissing = schema.type === "exact_optional" && !isFilledIn(schema);
      const unless = mayBeMissing ? "!== undefined &&" : "=== undefined ||";
      return `const part${index} = all[${JSON.stringify(key)}]; if (part${index} ${unless} !(${fits})) return false;`;
    }).join("\n");
  }

  #fitsPipe(schema: v.GenericSchema, [first, ...rest]: Parts[], value: string): string {
    const { pipe: _, ...bare } = schema as unknown as Parts;
    const tests = rest.map(({ kind, type, requirement }) => {
      if (kind !== "validation") return undefined;
      if (type === "check") return this.#known(requirement as FastCheck, value);
      if (type === "min_value" && typeof requirement === "number") return `${value} >= ${requirement}`;
      if (type === "max_value" && typeof requirement === "number") return `${value} <= ${requirement}`;
      return undefined;
    });
    if (tests.includes(undefined)) return this.#known(isWhole(schema), value);
    const plain = this.fits({ ...bare, type: first!.type } as unknown as v.GenericSchema, value);
    return `(${[plain, ...tests].join(" && ")})`;
  }

  /** All of it, as the body of a function that takes `known` and returns the check. */
  text(schema: v.GenericSchema): string {
    const whole = `return (value) => ${this.fits(schema, "value")};`;
    const functions = this.#functions.map((body, index) => `function check${index}(all) {\n${body}\nreturn true;\n}`);
    return ['"use strict";', ...functions, whole].join("\n");
  }
}

/** Whether valibot puts something in place of what is missing or null. */
const isFilledIn = (schema: v.GenericSchema) => (schema as unknown as Parts).default !== undefined;

const isObject = (value: string) => `typeof ${value} === "object" && ${value} !== null`;

/**
 * Turns a schema into a plain yes-or-no check of parsed JSON, some fifty times faster than valibot's own reading, which
 * builds a copy and issues: that is only worth while when something is wrong. The schema stays the one description; the
 * check is made of its keys as code. Where code may not be made of text, valibot reads it all.
 */
export function fastCheck(schema: v.GenericSchema): FastCheck {
  const source = new Source();
  const text = source.text(schema);
  try {
    return new Function("known", text)(source.known);
  } catch (error) {
    if (!(error instanceof EvalError)) throw error;
    return isWhole(schema);
  }
}

/** Valibot's own answer: whether it takes a value, and mends nothing in it. */
function isWhole(schema: v.GenericSchema): FastCheck {
  return (value) => {
    const { success, output } = v.safeParse(schema, value);
    return success && isCopy(output, value);
  };
}

/** Whether nothing was mended in `output`, which has the keys that a schema names first. */
function isCopy(output: unknown, value: unknown): boolean {
  if (Object.is(output, value)) return true;
  if (typeof output !== "object" || output === null || typeof value !== "object" || value === null) return false;
  const [copy, original] = [output as Record<string, unknown>, value as Record<string, unknown>];
  const keys = Object.keys(copy);
  return keys.length === Object.keys(original).length && keys.every((key) => isCopy(copy[key], original[key]));
}
