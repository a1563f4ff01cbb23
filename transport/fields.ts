/** The part of Headers that layers need. */
export interface Fields {
  /** The value of a field; names are in lower case. */
  get(name: string): string | null;
  /** Whether there is such a field; names are in lower case. */
  has(name: string): boolean;
  /** Hands over every field, its name in lower case. */
  forEach(callback: (value: string, name: string) => void): void;
}

/** Fields by name, in lower case. */
export type FieldRecord = Readonly<Record<string, string>>;

/** What inherits nothing. An object of `Object.create(null)` is a hash table, which takes twice as long to fill, read and copy. */
const Bare = function () {} as unknown as new () => Record<string, string>;
Bare.prototype = Object.create(null);

/** Fields that are looked up at the price of a property, where Headers check and fold each name. */
export class PlainFields implements Fields {
  /** Names in lower case; nothing is inherited. */
  readonly record: FieldRecord;
  #more: FieldRecord | undefined;
  #derived: PlainFields | undefined;

  private constructor(record: FieldRecord) {
    this.record = record;
  }

  /** A copy of Headers, or of a record with names in lower case. */
  static of(fields: Fields | FieldRecord): PlainFields {
    if (fields instanceof PlainFields) return fields;
    const record = new Bare();
    if (isFields(fields)) fields.forEach((value, name) => record[name] = value);
    else Object.assign(record, fields);
    return new PlainFields(record);
  }

  /** A copy with further fields, which go before those of the same name; the same one where `more` is the same. */
  with(more: FieldRecord): PlainFields {
    if (this.#more !== more || this.#derived === undefined) {
      this.#more = more;
      this.#derived = new PlainFields(Object.assign(new Bare(), this.record, more));
    }
    return this.#derived;
  }

  /** A copy that lacks some fields. */
  without(names: readonly string[]): PlainFields {
    const record = Object.assign(new Bare(), this.record);
    for (const name of names) delete record[name];
    return new PlainFields(record);
  }

  get(name: string): string | null {
    return this.record[name] ?? null;
  }

  has(name: string): boolean {
    return this.record[name] !== undefined;
  }

  forEach(callback: (value: string, name: string) => void): void {
    for (const name in this.record) callback(this.record[name]!, name);
  }
}

function isFields(fields: Fields | FieldRecord): fields is Fields {
  return typeof fields.forEach === "function";
}
