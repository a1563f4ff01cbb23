import * as v from "valibot";

/** What {@linkcode maybe} makes of a schema. */
export type Maybe<S extends v.GenericSchema> = v.ExactOptionalSchema<v.NullableSchema<S, undefined>, undefined>;

/** The site leaves keys out where it has nothing to say, or sends null: both are fine. */
export function maybe<const S extends v.GenericSchema>(schema: S): Maybe<S> {
  return v.exactOptional(v.nullable(schema));
}

type Text = v.StringSchema<undefined>;
type Numeric = v.NumberSchema<undefined>;

/** Text, null or missing. */
export const text: Maybe<Text> = maybe(v.string());
/** A number, null or missing. */
export const number: Maybe<Numeric> = maybe(v.number());
/** A boolean, null or missing. */
export const flag: Maybe<v.BooleanSchema<undefined>> = maybe(v.boolean());
/** A list of texts, null or missing. */
export const texts: Maybe<v.ArraySchema<Text, undefined>> = maybe(v.array(v.string()));
/** Any object, null or missing. */
export const freeForm: Maybe<v.RecordSchema<Text, v.UnknownSchema, undefined>> = maybe(
  v.record(v.string(), v.unknown()),
);
/** A name; a number when it is made of digits; null or missing. */
export const username: Maybe<v.UnionSchema<[Text, Numeric], undefined>> = maybe(v.union([v.string(), v.number()]));
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
    metadata: maybe(v.looseObject({ nextCursor: maybe(v.union([v.string(), v.number()])) })),
  });
}

/** Checks a {@linkcode NumberedPage} of `item`. */
export function numberedPage<T>(item: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, NumberedPage<T>> {
  return v.looseObject({ items: v.array(item), metadata: maybe(v.looseObject({ nextPage: text, hasMore: flag })) });
}
