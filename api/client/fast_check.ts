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
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** The check of one validation in a pipe; undefined for those not known here. */
function requirementOf({ kind, type, requirement }: Parts): FastCheck | undefined {
  if (kind !== "validation") return undefined;
  if (typeof requirement === "function") return requirement as FastCheck;
  if (type === "min_value") return (value) => (value as number) >= (requirement as number);
  if (type === "max_value") return (value) => (value as number) <= (requirement as number);
  return undefined;
}

/** The plain kind of value a schema takes whatever else it takes; undefined where there is none. */
function plainKind(schema: v.GenericSchema): string | undefined {
  const { type, wrapped, pipe } = schema as unknown as Parts;
  if (pipe !== undefined) return undefined;
  if (type === "nullable" || type === "exact_optional") return plainKind(wrapped);
  return type === "string" || type === "number" || type === "boolean" ? type : undefined;
}

/** What is known about one key. */
interface Rule {
  readonly key: string;
  readonly kind: string | undefined;
  readonly isDue: boolean;
  readonly check: FastCheck;
}

function objectCheck(entries: Parts["entries"]): FastCheck {
  const rules = new Map(
    Object.entries(entries).map(([key, schema]): [string, Rule] => {
      return [key, { key, kind: plainKind(schema), isDue: schema.type !== "exact_optional", check: fastCheck(schema) }];
    }),
  );
  const mostDue = [...rules.values()].filter(({ isDue }) => isDue).length;
  // the keys of one object stand where those of the object before stood, nearly always
  const places: Rule[] = [];
  return (value) => {
    if (!isObject(value)) return false;
    let due = mostDue;
    let place = 0;
    for (const key in value) {
      let rule = places[place];
      if (rule?.key !== key) {
        rule = rules.get(key) ?? { key, kind: undefined, isDue: false, check: () => true };
        places[place] = rule;
      }
      place++;
      const part = value[key];
      // most parts are plain and right: no call for them
      if (typeof part !== rule.kind && !rule.check(part)) return false;
      if (rule.isDue) due--;
    }
    return due === 0;
  };
}

/**
 * Turns a schema into a plain yes-or-no check of parsed JSON, some ten times faster than valibot's own reading, which
 * builds a copy and issues: that is only worth while when something is wrong. The schema stays the one description.
 */
export function fastCheck(schema: v.GenericSchema): FastCheck {
  const parts = schema as unknown as Parts;
  const whole: FastCheck = (value) => v.is(schema, value);
  if (parts.pipe !== undefined) {
    const [first, ...rest] = parts.pipe;
    const { pipe: _, ...bare } = parts;
    const checks = [
      fastCheck({ ...bare, type: first!.type } as unknown as v.GenericSchema),
      ...rest.map(requirementOf),
    ];
    return checks.includes(undefined) ? whole : (value) => checks.every((check) => check!(value));
  }
  switch (parts.type) {
    case "string":
      return (value) => typeof value === "string";
    case "boolean":
      return (value) => typeof value === "boolean";
    case "number":
      return (value) => typeof value === "number";
    case "unknown":
      return () => true;
    case "null":
      return (value) => value === null;
    case "nullable":
    case "exact_optional": {
      const check = fastCheck(parts.wrapped);
      return parts.type === "nullable" ? (value) => value === null || check(value) : check;
    }
    case "array": {
      const check = fastCheck(parts.item);
      return (value) => Array.isArray(value) && value.every(check);
    }
    case "record": {
      const check = fastCheck(parts.value);
      return (value) => isObject(value) && Object.values(value).every(check);
    }
    case "union": {
      const checks = parts.options.map(fastCheck);
      return (value) => checks.some((check) => check(value));
    }
    case "loose_object":
      return objectCheck(parts.entries);
  }
  return whole;
}
