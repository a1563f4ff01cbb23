import {
  badQuery,
  checkIds,
  checkNames,
  checkText,
  checkWhole,
  checkWords,
  pageSize,
  type Query,
} from "../client/query.ts";
import type { Availability, FileFormat, ModelType } from "./types.ts";

/** Which models to list. Left out means: the site's default. What is not named here the site ignores: it is refused. */
export interface ModelQuery {
  /** Rows a page, 1 to 100 (100, or `max` if that is less). The list itself goes on to the end. */
  limit?: number;
  /** Words to search for; the order is then the search's own. */
  query?: string;
  /** One tag, exactly. The site ignores an unknown one and sends everything: that is noticed and refused. */
  tag?: string;
  /** Models of one user. */
  username?: string;
  /** These models only. */
  ids?: readonly number[];
  /** Models with these versions; the versions in the answer are cut to them. */
  modelVersionIds?: readonly number[];
  /** These kinds only. */
  types?: readonly ModelType[];
  /** For these base models only; the versions in the answer are cut to them. To an unknown one nothing fits. */
  baseModels?: readonly string[];
  /** `Trained` or `Merge`. */
  checkpointType?: "Trained" | "Merge";
  /** Order (`Highest Rated`). */
  sort?:
    | "Highest Rated"
    | "Most Downloaded"
    | "Most Liked"
    | "Most Discussed"
    | "Most Collected"
    | "Most Images"
    | "Newest"
    | "Oldest";
  /** How far back (`AllTime`). */
  period?: "AllTime" | "Year" | "Month" | "Week" | "Day";
  /** What `period` looks at: the date of the newest version (`published`), or the counts of that time. */
  periodMode?: "published" | "stats";
  /** Off: PG only. On: all levels. */
  nsfw?: boolean;
  /** Only the main file of each version. */
  primaryFileOnly?: boolean;
  /** Only models of new creators. */
  newCreators?: boolean;
  /** Only models the site can generate with. */
  supportsGeneration?: boolean;
  /** Only models in early access. */
  earlyAccess?: boolean;
  /** Only models made on the site. */
  fromPlatform?: boolean;
  /** Only models of creators the key's owner follows; needs a key. */
  followed?: boolean;
  /** Archived models too. */
  archived?: boolean;
  /** Only models with one of these formats. */
  fileFormats?: readonly FileFormat[];
  /** Only models that allow one of these uses. */
  allowCommercialUse?: readonly ("None" | "Image" | "RentCivit" | "Rent" | "Sell")[];
  /** Only models with this availability. */
  availability?: Availability;
  /** Only the key owner's favourites; needs a key. */
  favorites?: boolean;
  /** Only what the key's owner has hidden; needs a key. */
  hidden?: boolean;
}

const action = "listing models";
const lists = ["ids", "modelVersionIds", "types", "baseModels", "fileFormats", "allowCommercialUse"];
const plain = ["limit", "query", "tag", "username", "checkpointType", "sort", "period", "periodMode", "availability"];
// The site reads any text of the first five as true, even "false"; and the mere name of the last two asks for a key.
const trueOrAbsent = [
  "supportsGeneration",
  "earlyAccess",
  "fromPlatform",
  "followed",
  "archived",
  "favorites",
  "hidden",
];
const booleans = ["nsfw", "primaryFileOnly", "newCreators", ...trueOrAbsent];
const known = [...lists, ...plain, ...booleans];

const typedOnly = "the site refuses it in a query, whatever its value";
const reasons: Readonly<Record<string, string>> = {
  rating: "accepted by the site and ignored",
  status: "for moderators of the site only",
  ...Object.fromEntries(
    ["allowNoCredit", "allowDerivatives", "allowDifferentLicense", "browsingLevel", "collectionId", "collectionTagId"]
      .concat(["pending", "isFeatured", "disablePoi", "disableMinor", "poiOnly", "minorOnly"])
      .map((name) => [name, typedOnly]),
  ),
};

/**
 * The query as the site understands it: lists repeat their name, and a switch that is off is left out where the site
 * would read even `false` as on.
 *
 * @throws {InputError} `invalid_argument` where the site would refuse, misread or silently ignore a value.
 */
export function modelWire(query: ModelQuery, max?: number): Query {
  checkNames(action, { ...query }, known, reasons);
  checkWhole(action, "limit", query.limit, 1, 100);
  for (const name of ["ids", "modelVersionIds"] as const) checkIds(action, name, query[name]);
  for (const name of ["types", "baseModels", "fileFormats", "allowCommercialUse"] as const) {
    checkWords(action, name, query[name]);
  }
  for (const name of ["query", "tag", "username"] as const) checkText(action, name, query[name]);
  for (const name of lists) {
    const value = query[name as keyof ModelQuery];
    if (Array.isArray(value) && value.length === 0) {
      throw badQuery(action, name, value, "empty, which the site would take for no filter at all");
    }
  }
  const wire: Record<string, Query[string]> = { ...query, limit: pageSize(query.limit, max, 100) };
  for (const name of trueOrAbsent) {
    if (!wire[name]) delete wire[name];
  }
  // one value alone is refused
  if (query.fileFormats?.length === 1) wire["fileFormats"] = [...query.fileFormats, ...query.fileFormats];
  return wire;
}
