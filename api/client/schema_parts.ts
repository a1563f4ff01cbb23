import * as v from "valibot";

/** What {@linkcode optional} and {@linkcode maybe} make of a schema. */
export type Maybe<S extends v.GenericSchema> = v.ExactOptionalSchema<v.NullableSchema<S, undefined>, undefined>;

/** What was found in place of what was due. */
function foundIn(dataset: v.OutputDataset<unknown, v.BaseIssue<unknown>> | undefined): unknown {
  return dataset?.issues?.[0].path?.[0]?.input ?? dataset?.value;
}

/** What only describes, and is always there: of another type it is what `mend` makes of it. */
export function mended<const S extends v.GenericSchema>(schema: S, mend: (found: unknown) => v.InferOutput<S>): S {
  return v.fallback(schema, (dataset?: v.OutputDataset<unknown, v.BaseIssue<unknown>>) => mend(foundIn(dataset)));
}

/** The site leaves keys out where it has nothing to say, or sends null: both are fine. Anything else is not. */
export function optional<const S extends v.GenericSchema>(schema: S): Maybe<S> {
  return v.exactOptional(v.nullable(schema));
}

/**
 * The same for what only describes, so that nothing depends on it: of another type it is what `mend` makes of it, which
 * is null if not given.
 */
export function maybe<const S extends v.GenericSchema>(
  schema: S,
  mend: (found: unknown) => v.InferOutput<S> | undefined = () => undefined,
): Maybe<S> {
  return v.exactOptional(mended(v.nullable(schema), (found) => mend(found) ?? null));
}

type Text = v.StringSchema<undefined>;
type Numeric = v.NumberSchema<undefined>;

function textOf(found: unknown): string | undefined {
  return typeof found === "string" || typeof found === "number" || typeof found === "boolean"
    ? String(found)
    : undefined;
}

function numberOf(found: unknown): number | undefined {
  const value = typeof found === "string" && found.trim() !== "" ? Number(found) : NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** Text, null or missing. */
export const text: Maybe<Text> = maybe(v.string(), textOf);
/** A number, null or missing. */
export const number: Maybe<Numeric> = maybe(v.number(), numberOf);
/** A boolean, null or missing. */
export const flag: Maybe<v.BooleanSchema<undefined>> = maybe(v.boolean());
/** A list of texts, null or missing. */
export const texts: Maybe<v.ArraySchema<Text, undefined>> = maybe(v.array(v.string()), (found) => {
  const words = (Array.isArray(found) ? found : [found]).map(textOf).filter((word) => word !== undefined);
  return Array.isArray(found) || words.length > 0 ? words : undefined;
});
/** Any object, null or missing. */
export const freeForm: Maybe<v.RecordSchema<Text, v.UnknownSchema, undefined>> = maybe(
  v.record(v.string(), v.unknown()),
);
/** A name; a number when it is made of digits; null or missing. */
export const username: Maybe<v.UnionSchema<[Text, Numeric], undefined>> = maybe(v.union([v.string(), v.number()]));
/** What people call something: there in every answer, and nothing but a word. */
export const name: Text = mended(v.string(), (found) => textOf(found) ?? "");
/** What something is, in a word of the site's: `Other` when it does not say. */
export const kind: Text = mended(v.string(), () => "Other");

/** A list of what only describes, null or missing: a row that cannot be read is left out. */
export function rows<const S extends v.GenericSchema>(row: S): Maybe<v.ArraySchema<S, undefined>> {
  return maybe(v.array(row), (found) => {
    if (!Array.isArray(found)) return undefined;
    return found.map((one) => v.safeParse(row, one)).filter(({ success }) => success).map(({ output }) => output);
  });
}

/** A whole number from 1. */
export const id: v.SchemaWithPipe<
  readonly [Numeric, v.SafeIntegerAction<number, undefined>, v.MinValueAction<number, 1, undefined>]
> = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
/** One page of a list that is walked by cursor, as it is sent. */
export interface CursorPage<T> {
  /** The rows; a page may be short or even empty though more follow. */
  items: T[];
  /** Where the next page begins. */
  metadata?: {
    /** Opaque; missing on the last page. A number in old data. */
    nextCursor?: string | number | null;
  } | null;
}

/** One page of a list that is walked by page number, as it is sent. */
export interface NumberedPage<T> {
  /** The rows. */
  items: T[];
  /** Counts; often wrong. */
  metadata?: {
    /** Missing on the last page, and often before it. */
    nextPage?: string | null;
    /** Only with a search. */
    hasMore?: boolean | null;
  } | null;
}

/** Checks a {@linkcode CursorPage} of `item`. */
export function cursorPage<T>(item: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, CursorPage<T>> {
  return v.looseObject({
    items: v.array(item),
    metadata: optional(v.looseObject({ nextCursor: optional(v.union([v.string(), v.number()])) })),
  });
}

/** Checks a {@linkcode NumberedPage} of `item`. */
export function numberedPage<T>(item: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, NumberedPage<T>> {
  return v.looseObject({
    items: v.array(item),
    metadata: optional(v.looseObject({ nextPage: optional(v.string()), hasMore: optional(v.boolean()) })),
  });
}
